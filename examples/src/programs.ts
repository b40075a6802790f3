import { alexNet } from "./alexnet.ts";
import { cs231nLayers } from "./cs231n-layers.ts";
import { edgeDetector } from "./edge-detector.ts";
import { fullyConnectedNet } from "./fully-connected-net.ts";
import { leNet } from "./lenet.ts";
import { threeLayerConvNet } from "./three-layer-convnet.ts";
import { UsageError } from "./training/options.ts";
import type { Figures } from "./training/report.ts";
import { twoLayerNet } from "./two-layer-net.ts";

/** The examples by the names that they are started under; each takes the rest of the command line. */
const examples: Readonly<Record<string, (args: readonly string[]) => Promise<Figures>>> = {
  "cs231n-layers": cs231nLayers,
  "two-layer-net": twoLayerNet,
  "fully-connected-net": fullyConnectedNet,
  "three-layer-convnet": threeLayerConvNet,
  "edge-detector": edgeDetector,
  lenet: leNet,
  alexnet: alexNet,
};

const usage = `usage: npm run example -- NAME [--seed N] [--quick] [--json FILE] [--data DIR]
  NAME is one of ${Object.keys(examples).join(", ")}
  fully-connected-net also takes --norm batch|layer|none, lenet --part both|fashion|cifar, alexnet --norm none|local-response`;

/** Runs the example that a command line names. Throws UsageError, and what the example throws. */
export async function runExample([name = "", ...args]: readonly string[]): Promise<void> {
  if (name === "--help") {
    console.log(usage);
    return;
  }
  const example = Object.hasOwn(examples, name) ? examples[name] : undefined;
  if (example === undefined) throw new UsageError(`${name === "" ? "which example?" : `there is no example "${name}"`}\n${usage}`);
  await example(args);
}
