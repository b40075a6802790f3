import { Presets, SingleBar } from "cli-progress";

/** A bar from 0 to 1 with named texts in its format. */
export interface ProgressBar {
  update(fraction: number, texts: Readonly<Record<string, string>>): void;
  stop(): void;
}

/** A progress bar on a terminal, cleared when it is done. Elsewhere (a pipe, a log file) there is nothing that could move. */
export function progressBar(format: string): ProgressBar {
  if (process.stderr.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, fps: 8 }, Presets.shades_classic);
  let running = false;
  return {
    update(fraction, texts) {
      if (!running) bar.start(1000, 0, { ...texts });
      running = true;
      bar.update(Math.round(fraction * 1000), { ...texts });
    },
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
}
