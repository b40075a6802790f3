import * as node from "#platform";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { KernelFile, Platform } from "./platform.ts";

describe("the platform of Node", () => {
  it("is what the kernels ask of one, and nothing more", () => {
    expectTypeOf(node).toExtend<Platform>();
    expectTypeOf<keyof typeof node>().toEqualTypeOf<keyof Platform>();
    // Types are gone when tests run; lint checks them.
    expect(Object.keys(node).length).toBeGreaterThan(10);
  });

  it("knows the machine", () => {
    expect(node.processors()).toBeGreaterThan(0);
    expect(node.machineMemory()).toBeGreaterThan(2 ** 20);
    expect(node.addressSpace().used).toBeLessThan(node.addressSpace().limit);
  });

  it.each(["kernels.wasm", "kernels-fma.wasm", "kernels-wide.wasm"] satisfies KernelFile[])("reads %s, which begins as modules do", (file) => {
    expect([...node.readKernels(file).subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
  });

  it("says how a worker may be had where that is not the error's own affair", () => {
    expect(node.workerRemedy(Object.assign(new Error("restricted"), { code: "ERR_ACCESS_DENIED" }))).toBe("node --allow-worker lets it start");
    expect(node.workerRemedy(new Error("EAGAIN"))).toBeNull();
  });
});
