import { setNumThreads } from "tapegrad";
import { positiveInteger } from "../arguments.ts";
import { kernelsInUse } from "./kernels-in-use.ts";
import { buildOp } from "./our-ops.ts";
import { buildScaledTraining, buildTraining, runChain } from "./our-training.ts";
import { serve } from "./serve.ts";

setNumThreads(positiveInteger("threads", process.argv[2] ?? "1"));
await serve({
  version: "workspace",
  kernels: kernelsInUse(),
  build: buildTraining,
  chain: runChain,
  buildOp,
  buildScaled: buildScaledTraining,
});
