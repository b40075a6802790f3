// A program that imports tapegrad and adds two small tensors: prints when it began, had imported, and had the sum (ms, wall clock).
const main = now();
const { add, tensor } = await import("tapegrad");
const imported = now();
const sum = add(tensor([1, 2]), tensor([3, 4])).toArray();
const done = now();
console.log(JSON.stringify({ main, imported, done, sum, version: "workspace" }));

function now(): number {
  return performance.timeOrigin + performance.now();
}
