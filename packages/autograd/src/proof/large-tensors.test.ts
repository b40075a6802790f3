import { afterEach, describe, expect, test } from "vitest";
import { collectGarbage, memoryStats } from "@tapegrad/kernels";
import { abs, add, amax, amin, cat, conv2d, full, Generator, matmul, maxPool2d, mul, ones, rand, relu, scope, sum, where, zeros, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { expectValues } from "./expect-values.ts";

/**
 * Tensors of gigabytes, as far as the memory of 4 GiB reaches: some minutes, and 12 GiB of the machine's. So they run only when asked
 * for: TAPEGRAD_PROOF_LARGE=1 npm test -- large-tensors
 */
const isWanted = process.env["TAPEGRAD_PROOF_LARGE"] === "1";
const mebibyte = 2 ** 20;
const minutes = 60_000;

afterEach(() => void collectGarbage());

/** The same of the first and the last elements alone, whose addresses differ by gigabytes. */
function expectEnds(whole: Tensor, ofPart: (part: (x: Tensor) => Tensor) => Tensor, length = 1000): void {
  const flat = whole.reshape([-1]);
  for (const start of [0, flat.numel() - length]) {
    const part = (x: Tensor): Tensor => x.reshape([-1]).narrow(0, start, length).clone();
    expect(part(flat).toTypedArray()).toEqual(ofPart(part).toTypedArray());
  }
}

describe.runIf(isWanted)("large tensors", () => {
  test("of 1 to 822 MiB, 3.5 GB of them alive, keep what is in them while others come and go", () => {
    const random = new Generator(5);
    const draw = (): number => rand([1], { generator: random }).item();
    const live: { readonly x: Tensor; readonly value: number }[] = [];
    const bytes = (): number => live.reduce((total, { x }) => total + 4 * x.numel(), 0);
    const check = ({ x, value }: { readonly x: Tensor; readonly value: number }): void => {
      expect([amin(x).item(), amax(x).item()]).toEqual([value, value]);
    };
    for (let i = 1; i <= 120; i++) {
      // As many small ones as large ones.
      const size = Math.floor(822 ** draw() * (mebibyte / 4));
      live.push({ x: full([size], i), value: i });
      while (bytes() > 3.5e9) check(live.splice(Math.floor(draw() * live.length), 1)[0] as (typeof live)[number]);
      if (draw() < 0.2) check(live[Math.floor(draw() * live.length)] as (typeof live)[number]);
    }
    live.forEach(check);
    expect(memoryStats().restores).toBeGreaterThan(0);
  }, 20 * minutes);

  test("exactly 2^30 bytes, and twice and three times that", () => {
    for (const times of [1, 2, 3]) {
      scope(() => {
        const x = full([times * 2 ** 28], times);
        x.narrow(0, x.numel() - 5, 5).fill_(7);
        expect([amin(x).item(), amax(x).item()]).toEqual([times, 7]);
        expect(sum(x.narrow(0, x.numel() - 10, 10)).item()).toBe(35 + 5 * times);
        x.add_(1);
        expect([amin(x).item(), amax(x).item()]).toEqual([times + 1, 8]);
      });
    }
  }, 10 * minutes);

  test("ops reach every element of operands that fill the memory", () => {
    const n = 500_000_000;
    scope(() => {
      const x = rand([n], { generator: new Generator(1) }).sub_(0.5);
      scope(() => expectEnds(relu(x), (part) => relu(part(x))));
      scope(() => expectEnds(abs(x), (part) => abs(part(x))));
      scope(() => expectEnds(mul(x, 3), (part) => mul(part(x), 3)));
      scope(() => expectEnds(x.reshape([n / 1000, 1000]).sum({ dim: 1 }), (part) => part(x.reshape([n / 1000, 1000]).sum({ dim: 1 }))));
      scope(() => expectEnds(x.gt(0), (part) => part(x).gt(0)));
      scope(() => expectEnds(x.to("float16"), (part) => part(x).to("float16")));
    });
    scope(() => {
      const [a, b] = [rand([300_000_000], { generator: new Generator(2) }), rand([300_000_000], { generator: new Generator(3) })];
      scope(() => expectEnds(add(a, b), (part) => add(part(a), part(b))));
      scope(() => expectEnds(where(a.gt(0.5), a, b), (part) => where(part(a).gt(0.5), part(a), part(b))));
    });
    scope(() => {
      const m = rand([20_000, 25_000], { generator: new Generator(4) });
      const turned = m.transpose(0, 1).contiguous();
      for (const [i, j] of [[0, 0], [19_999, 24_999], [3, 24_998], [19_998, 2]] as const) expect(turned.select(0, j).select(0, i).item()).toBe(m.select(0, i).select(0, j).item());
      const joined = cat([turned, zeros([10, 20_000])]);
      expect(joined.narrow(0, 24_999, 1).toTypedArray()).toEqual(turned.narrow(0, 24_999, 1).toTypedArray());
    });
    scope(() => {
      const bytes = ones([2_000_000_000], { dtype: "uint8" });
      bytes.narrow(0, 1_999_999_990, 10).fill_(3);
      expect(sum(bytes).item()).toBe(2_000_000_020);
    });
  }, 20 * minutes);

  test("a product whose operands leave no room to pack them", () => {
    scope(() => {
      const [m, k, n] = [9000, 36_000, 9000];
      const [a, b] = [rand([m, k], { generator: new Generator(5) }), rand([k, n], { generator: new Generator(6) })];
      const c = matmul(a, b);
      for (const [i, j] of [[0, 0], [8999, 8999], [4000, 17]] as const) {
        const [row, column] = [a.narrow(0, i, 1).toTypedArray(), b.narrow(1, j, 1).toTypedArray()];
        let exact = 0;
        for (let p = 0; p < k; p++) exact += (row[p] as number) * (column[p] as number);
        expectValues([c.select(0, i).select(0, j).item()], [exact], { rtol: 1e-5, atol: 0 }, `c[${i}][${j}]`);
      }
    });
  }, 20 * minutes);

  test("VGG-16's largest layers: 64 images of 224 x 224 in 64 channels, forward and backward, as image by image", () => {
    const random = new Generator(7);
    const x = rand([64, 64, 224, 224], { generator: random }).sub_(0.5).requiresGrad_();
    const weight = rand([64, 64, 3, 3], { generator: random }).sub_(0.5).mul_(0.05).requiresGrad_();
    const pass = (images: Tensor): Tensor => maxPool2d(relu(conv2d(images, weight, null, { padding: 1 })), 2);
    const out = pass(x);
    const [dX, dWeight] = grad([sum(out)], [x, weight]);
    const total = new Float64Array(dWeight.numel());
    for (let i = 0; i < 64; i++) {
      scope(() => {
        const image = x.detach().narrow(0, i, 1).clone().requiresGrad_();
        const alone = pass(image);
        const [dImage, dFromImage] = grad([sum(alone)], [image, weight]);
        dFromImage.toTypedArray().forEach((value, k) => (total[k] = (total[k] as number) + value));
        if (i % 21 !== 0) return;
        expectValues(Array.from(out.detach().narrow(0, i, 1).toTypedArray()), Array.from(alone.toTypedArray()), { rtol: 1e-4, atol: 1e-4 }, `output ${i}`);
        expectValues(Array.from(dX.narrow(0, i, 1).toTypedArray()), Array.from(dImage.toTypedArray()), { rtol: 1e-3, atol: 1e-3 }, `dX ${i}`);
      });
    }
    const largest = total.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectValues(Array.from(dWeight.toTypedArray()), Array.from(total), { rtol: 0, atol: 1e-4 * largest }, "dWeight");
  }, 60 * minutes);
});
