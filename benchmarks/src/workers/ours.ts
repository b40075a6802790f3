import { setNumThreads } from "tapegrad";
import { positiveInteger } from "../arguments.ts";
import { buildTraining, runChain } from "./our-training.ts";
import { serve } from "./serve.ts";

setNumThreads(positiveInteger("threads", process.argv[2] ?? "1"));
await serve({ version: "workspace", build: buildTraining, chain: runChain });
