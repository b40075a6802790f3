import { Presets, SingleBar } from "cli-progress";

/** A bar from 0 to 1 with named texts in its format. */
export interface ProgressBar {
  update(fraction: number, texts: Readonly<Record<string, string>>): void;
  stop(): void;
}

/** A progress bar on a terminal; elsewhere (a log file, a test) a line now and then. */
export function progressBar(format: string): ProgressBar {
  const isTerminal = process.stderr.isTTY === true;
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: false, fps: 8, noTTYOutput: !isTerminal, notTTYSchedule: 10_000 }, Presets.shades_classic);
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
