import { expect, test, vi } from "vitest";
import type { Training } from "./serve.ts";

async function learns(training: Training): Promise<void> {
  const first = await training.run(1);
  expect(Math.abs(first - Math.log(10))).toBeLessThan(0.5);
  expect(await training.run(3)).toBeLessThan(first);
  training.dispose?.();
}

test("TensorFlow.js learns a batch by heart", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const tf = await import("@tensorflow/tfjs");
  await tf.setBackend("cpu");
  const { buildTraining } = await import("./tfjs-training.ts");
  await learns(buildTraining("mlp"));
});

test("jax-js learns a batch by heart", async () => {
  vi.stubGlobal("navigator", { userAgent: "node", hardwareConcurrency: 1 });
  const { defaultDevice, init } = await import("@jax-js/jax");
  const { buildTraining } = await import("./jax-js-training.ts");
  await init("wasm");
  defaultDevice("wasm");
  await learns(buildTraining("mlp"));
});
