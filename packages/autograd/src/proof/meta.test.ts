import { describe, expect, test } from "vitest";
import { dispatch, dropout, onMeta, opTable, ones, tensor, to, zeros, type OpResult, type Tensor } from "@tapegrad/tensor";
import "../backward.ts";
import { describeSample } from "./cases.ts";
import { randomFrom } from "./random.ts";
import { operands } from "./run-op.ts";

const outsOf = (out: OpResult): readonly Tensor[] => (Array.isArray(out) ? (out as readonly Tensor[]) : [out as Tensor]);
const spec = ({ shape, dtype }: Tensor): object => ({ shape: [...shape], dtype });

describe("every op runs on shapes alone, and tells the shapes and dtypes that it gives when it computes", () => {
  const rows = [...opTable.values()].flatMap((op) => op.samples().map((sample) => ({ op, sample, name: `${op.name} ${describeSample(sample)}` })));

  test.each(rows)("$name", ({ op, sample }) => {
    const dtype = op.dtypes[0] ?? "float32";
    const inputs = operands(sample, dtype, randomFrom(1));
    const texts = inputs.map((x) => (x === null ? "" : JSON.stringify(Array.from(x.storage.elements, Number))));
    const versions = inputs.map((x) => x?.storage.version);
    // Of meta tensors, so that no element can be read.
    const metas = onMeta(() => inputs.map((x) => (x === null ? null : to(to(x, "float64"), x.dtype))));
    const found = onMeta(() => outsOf(dispatch(op, metas, sample.attrs)));
    const changes = op.changes.includes(op.inputs[0] ?? "");
    expect(found.every((out) => out.isMeta)).toBe(true);
    // Nor is anything changed where there are elements.
    onMeta(() => dispatch(op, inputs, sample.attrs));
    expect(inputs.map((x) => (x === null ? "" : JSON.stringify(Array.from(x.storage.elements, Number))))).toEqual(texts);
    expect(inputs.map((x) => x?.storage.version)).toEqual(versions);
    if (changes) return;
    expect(found.map(spec)).toEqual(outsOf(dispatch(op, inputs, sample.attrs)).map(spec));
  });
});

describe("meta tensors", () => {
  test("say what they are", () => {
    const x = onMeta(() => ones([2, 3]).mul(2));
    expect([x.isMeta, ones([2]).isMeta, x.requiresGrad, x.shape, String(x), String(onMeta(() => x.to("int32")))]).toEqual([
      true, false, false, [2, 3], "tensor(..., meta, size=[2, 3])", "tensor(..., meta, size=[2, 3], dtype=int32)",
    ]);
  });

  test("have no elements to read, and no op computes with them outside", () => {
    const x = onMeta(() => ones([2, 3]).mul(2));
    const message = "meta: a meta tensor has a shape and a dtype and no elements, which this needs\n  hint: compute it outside onMeta(() => ...)\n  code: meta/elements";
    for (const use of [() => x.toArray(), () => x.toTypedArray(), () => x.add(1), () => x.T.contiguous(), () => x.fill_(1)]) {
      expect(use).toThrow(expect.objectContaining({ code: "meta/elements" }));
    }
    expect(() => x.toArray()).toThrow(expect.objectContaining({ name: "MemoryError", message }));
    expect(() => onMeta(() => ones([1]).mul(2).item())).toThrow(expect.objectContaining({ message }));
  });

  test("are refused where real ones would be", () => {
    expect(() => onMeta(() => zeros([2, 3]).matmul(zeros([2, 3])))).toThrow(expect.objectContaining({ code: "matmul/inner" }));
    expect(() => onMeta(() => tensor([true]).to("bool").exp().neg().logicalNot().neg())).toThrow(expect.objectContaining({ code: "neg/dtype" }));
    expect(() => onMeta(3 as never)).toThrow(expect.objectContaining({ message: "onMeta: run 3 must be a function\n  code: onMeta/option" }));
  });

  test("changes in place leave real tensors as they are, and random ops the generator", () => {
    const x = tensor([1, 2]);
    onMeta(() => {
      x.add_(1).mul_(x).fill_(7);
      dropout(x, { p: 0.5 });
    });
    expect(x.toArray()).toEqual([1, 2]);
  });

  test("an error inside leaves nothing behind", () => {
    expect(() => onMeta(() => { throw new Error("mine"); })).toThrow("mine");
    expect(ones([2]).add(1).toArray()).toEqual([2, 2]);
  });
});
