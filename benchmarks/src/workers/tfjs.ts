// TensorFlow.js in Node: its plain JavaScript backend ("cpu"), or its WebAssembly one.
import * as tf from "@tensorflow/tfjs";
import { positiveInteger } from "../arguments.ts";
import { serve } from "./serve.ts";
import { buildTraining } from "./tfjs-training.ts";

const backend = process.argv[3] ?? "cpu";
if (backend === "wasm") {
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  wasm.setThreadsCount(positiveInteger("threads", process.argv[2] ?? "1"));
}
if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} cannot be used`);
await tf.ready();
await serve({ version: tf.version["tfjs"] ?? "unknown", build: buildTraining });
