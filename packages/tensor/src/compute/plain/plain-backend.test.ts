import { describe, expect, test } from "vitest";
import { backendName } from "@tapegrad/kernels";
import type { Backend } from "../backend.ts";
import { wasmBackend } from "../wasm-backend.ts";
import { plainBackend } from "./plain-backend.ts";
import { difference, type Call } from "./testing/both-backends.ts";
import { elementCases } from "./testing/element-cases.ts";
import { layerCases } from "./testing/layer-cases.ts";
import { otherCases } from "./testing/other-cases.ts";

type Cases = Readonly<Record<Exclude<keyof Backend, "name">, Call>>;

const cases: Cases = { ...elementCases, ...layerCases, ...otherCases };
const runs = 60;

// With TAPEGRAD_BACKEND=plain there are no kernels to compare with.
describe.skipIf(backendName === "plain")("plain loops and kernels come to the same", () => {
  test.each(Object.entries(cases))("%s", (_, call) => {
    for (let seed = 0; seed < runs; seed++) expect(difference(wasmBackend, plainBackend, call, seed), `seed ${seed}`).toBeNull();
  });

  test("every function of a backend is compared", () => {
    const functions = (backend: Backend): string[] => Object.keys(backend).filter((name) => name !== "name").sort();
    expect(functions(plainBackend)).toEqual(functions(wasmBackend));
    expect(Object.keys(cases).sort()).toEqual(functions(wasmBackend));
  });

  test("each comparison calls the function that it stands for", () => {
    for (const [name, call] of Object.entries(cases)) {
      const called = new Set<string>();
      const watched = new Proxy(plainBackend, { get: (target, key, receiver) => { called.add(String(key)); return Reflect.get(target, key, receiver); } });
      expect(difference(watched, plainBackend, call, 1), name).toBeNull();
      expect([...called].filter((key) => key !== "name"), name).toEqual([name]);
    }
  });

  test("a backend that is wrong, or leaves an element as it was, is found", () => {
    const wrong: Backend = { ...plainBackend, fill: (out, value) => plainBackend.fill(out, value === 300 ? 301 : value), softmax: () => undefined };
    expect(difference(wrong, plainBackend, cases.fill, 1)).toContain("at 0: plain gives 301, plain 300");
    expect(difference(wrong, plainBackend, cases.softmax, 1)).toContain("at 0: plain gives 3, plain");
  });
});
