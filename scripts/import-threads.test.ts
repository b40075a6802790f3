import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const threads = 8;
/** TAPEGRAD_IMPORT_ROUNDS=60 npm test -- import-threads imports 480 times. */
const rounds = Number(process.env["TAPEGRAD_IMPORT_ROUNDS"] ?? 4);

/** A source of the kernels as one script for a thread or process, which runs `program` with what the source exports. */
async function scriptOf(source: string, program: string): Promise<string> {
  const input = `${root}packages/kernels/src/${source}`;
  // The one place that asks for its own.
  const place = pathToFileURL(`${root}packages/kernels/src/platform/node/kernel-files.ts`).href;
  const bundle = await rolldown({ input, platform: "node", resolve: { conditionNames: ["tapegrad-source"] }, transform: { define: { "import.meta.url": JSON.stringify(place) } } });
  const { output } = await bundle.generate({ format: "cjs" });
  await bundle.close();
  return `"use strict"; const exports = {}, module = { exports };\n${output[0].code}\n;(${program})(exports, require("node:worker_threads"));`;
}

/** What so many threads post that all start at the same moment and stay until the last is done. */
async function fromThreads(script: string): Promise<unknown[]> {
  const start = new Int32Array(new SharedArrayBuffer(4));
  const workers = Array.from({ length: threads }, () => new Worker(script, { eval: true, workerData: start }));
  const answers = await Promise.all(workers.map((worker) => new Promise((resolve) => {
    worker.once("message", resolve);
    worker.once("error", (error: Error) => resolve(`${error.name}: ${error.message}`));
    worker.once("online", () => {
      if (Atomics.add(start, 0, 1) === threads - 1) Atomics.notify(start, 0);
    });
  })));
  await Promise.all(workers.map((worker) => worker.terminate()));
  return answers;
}

const wait = `for (let n; (n = Atomics.load(workerData, 0)) < ${threads}; ) Atomics.wait(workerData, 0, n, 50);`;

test("threads that import the kernels at once all get the same ones", async () => {
  const script = await scriptOf("kernel-module.ts", `({ compileKernels }, { parentPort, workerData }) => {
    ${wait}
    const { fma, hasWide, markers } = compileKernels();
    parentPort.postMessage({ fma, hasWide, markers: markers.length });
  }`);
  const expected = (await fromThreads(script))[0];
  expect(expected).toEqual({ fma: expect.any(Boolean) as boolean, hasWide: expect.any(Boolean) as boolean, markers: expect.any(Number) as number });
  for (let round = 0; round < rounds; round++) expect(await fromThreads(script)).toEqual(Array.from({ length: threads }, () => expected));
});

test("flags that another thread has put down at once are put up again", async () => {
  // What another thread may do at any moment, done at the worst one, in a process that has compiled nothing before.
  const script = await scriptOf("kernel-module.ts", `({ compileKernels }) => {
    const { fma, hasWide } = compileKernels();
    console.log(JSON.stringify({ fma, hasWide, puts }));
  }`);
  const meddle = (times: number): string => `
    const v8 = require("node:v8"), { setFlagsFromString } = v8;
    let puts = 0;
    v8.setFlagsFromString = (flag) => {
      setFlagsFromString(flag);
      if (flag.startsWith("--experimental") && puts++ < ${times}) setFlagsFromString(flag.replace("--", "--no-"));
    };`;
  const compileMeddled = (times: number): { readonly fma: boolean; readonly hasWide: boolean; readonly puts: number } => {
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", meddle(times) + script], { encoding: "utf8" });
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout) as ReturnType<typeof compileMeddled>;
  };
  const { puts, ...alone } = compileMeddled(0);
  const meddled = compileMeddled(puts * 5);
  expect(meddled).toEqual({ ...alone, puts: puts * 6 });
});

test("threads that look for the engine's collector at once all find it", async () => {
  const script = await scriptOf("platform/node/collector.ts", `({ engineCollector }, { parentPort, workerData }) => {
    ${wait}
    parentPort.postMessage(engineCollector() !== null);
  }`);
  for (let round = 0; round < rounds; round++) expect(await fromThreads(script)).toEqual(Array.from({ length: threads }, () => true));
});
