import { describe, expect, test } from "vitest";
import { alias, expand, flatten, narrow, permute, reshape, select, slice, squeeze, t, tensor, transpose, unsqueeze, view, zeros, type DType, type Tensor } from "@tapegrad/tensor";
import { noGrad } from "../grad-mode.ts";
import { ops } from "./cases.ts";

const dtypes: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool"];

/** Every function that gives a view; a few ways to call it on [2, 3, 4], or on what `of` makes of that. */
const views: Readonly<Record<string, readonly ((x: Tensor) => Tensor)[]>> = {
  alias: [alias],
  detach: [(x) => x.detach()],
  expand: [(x) => expand(x, [2, 3, 4]), (x) => expand(x, [1, -1, -1, -1])],
  expandAs: [(x) => x.expandAs(zeros([2, 3, 4]))],
  flatten: [(x) => flatten(x), (x) => flatten(x, 1), (x) => flatten(x, 0, 1), (x) => flatten(x, 2)],
  mT: [(x) => x.mT],
  narrow: [(x) => narrow(x, 0, 1, 1), (x) => narrow(x, 2, 1, 2), (x) => narrow(x, 1, 0, 3)],
  permute: [(x) => permute(x, [2, 0, 1]), (x) => permute(x, [0, 1, 2])],
  reshape: [(x) => reshape(x, [2, 3, 4]), (x) => reshape(x, [6, 4]), (x) => reshape(x, [-1]), (x) => reshape(x.transpose(0, 1), [3, 2, 2, 2])],
  select: [(x) => select(x, 0, 1), (x) => select(x, 2, -1)],
  slice: [(x) => slice(x, 2, 0, Infinity, 2), (x) => slice(x, 0), (x) => slice(x, 1, 1, 3)],
  squeeze: [(x) => squeeze(x), (x) => squeeze(narrow(x, 1, 2, 1)), (x) => squeeze(narrow(x, 1, 2, 1), 1)],
  T: [(x) => x.T],
  t: [(x) => t(select(x, 0, 1)), (x) => t(select(select(x, 0, 1), 0, 0))],
  transpose: [(x) => transpose(x, 0, 2), (x) => transpose(x, 1, 1)],
  unsqueeze: [(x) => unsqueeze(x, 0), (x) => unsqueeze(x, -1)],
  view: [(x) => view(x, [2, 3, 4]), (x) => view(x, [4, 6]), (x) => view(x, [24])],
  // Of these only where nothing changes.
  contiguous: [(x) => x.contiguous()],
  to: [(x) => x.to(x.dtype)],
};

/** Numbers that differ, as far as the dtype tells them apart. */
const base = (dtype: DType): Tensor => tensor(Float64Array.from({ length: 24 }, (_, i) => i), { shape: [2, 3, 4], dtype });

test("every op that is declared a view is among them", () => {
  // `part` stands for any of them (view-history.ts).
  const viewOps: Readonly<Record<string, string>> = { expand: "expand", part: "any", permute: "permute", slice: "slice", view: "view" };
  expect(ops.filter((op) => op.view).map((op) => op.name).filter((name) => viewOps[name] === undefined)).toEqual([]);
});

describe.each(Object.keys(views))("what is written through %s arrives", (name) => {
  test.each(dtypes)("%s", (dtype) => {
    for (const make of views[name] as readonly ((x: Tensor) => Tensor)[]) {
      for (const isRecording of [true, false]) {
        // Which element of the base each element of the view is.
        const places = make(base("int32")).toTypedArray();
        const x = base(dtype);
        const part = isRecording ? make(x) : noGrad(() => make(x));
        expect(part.storage).toBe(x.storage);
        // A bool and a number are an int64, which does not fit into bool.
        const one = tensor(1, { dtype });
        const writes: readonly ((target: Tensor) => Tensor)[] = [(target) => target.fill_(1), (target) => target.copy_(zeros(target.shape, { dtype })), (target) => target.zero_(), (target) => target.add_(one)];
        writes.forEach((write, i) => {
          const expected = [...x.toTypedArray()];
          const value = [1, 0, 0, 1][i] as number;
          for (const place of places) expected[place] = value;
          write(part);
          expect([...x.toTypedArray()]).toEqual(expected);
          expect([...part.toTypedArray()]).toEqual(Array.from(places, () => value));
        });
        // And the other way round.
        x.fill_(0);
        expect(new Set(part.toTypedArray())).toEqual(new Set([0]));
      }
    }
  });
});
