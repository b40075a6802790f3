import { ImageDataset, type ImageTransform } from "tapegrad";

/** Noise around a pattern of its own for each of ten classes: easy to learn, the same in every run. */
export function syntheticImages(channels: number, side: number, count: number, transform: ImageTransform | undefined): ImageDataset {
  const pixels = channels * side * side;
  const bytes = new Uint8Array(count * pixels);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  let noise = 12345 + count;
  for (let i = 0; i < bytes.length; i++) {
    noise = (Math.imul(noise, 1103515245) + 12345) & 0x7fffffff;
    const label = labels[Math.floor(i / pixels)] ?? 0;
    const wave = Math.sin(((i % pixels) * (label + 1)) / 40 + label);
    bytes[i] = 128 + 60 * wave + ((noise >> 16) % 120) - 60;
  }
  return new ImageDataset({ bytes, firstByte: 0, strideBytes: pixels, channels, height: side, width: side, labels }, transform);
}
