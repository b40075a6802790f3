import { mul, ones, sum, tensor, zeros, type NestedArray, type Tensor } from "@tapegrad/tensor";
import { describe, expect, expectTypeOf, test } from "vitest";
import { grad } from "../backward.ts";

describe("what is asked for by its rank is typed by it", () => {
  test("dims", () => {
    const [batch, time, channels] = zeros([2, 0, 4]).dims(3);
    expectTypeOf([batch, time, channels] as const).toEqualTypeOf<readonly [number, number, number]>();
    expect([batch, time, channels]).toEqual([2, 0, 4]);
    expectTypeOf(zeros([2, 3]).dims(2)).toEqualTypeOf<readonly [number, number]>();
    expectTypeOf(zeros([]).dims(0)).toEqualTypeOf<readonly []>();
    const rank: number = 1;
    expectTypeOf(zeros([2]).dims(rank)).toEqualTypeOf<readonly number[]>();
    expectTypeOf(() => zeros([2]).dims(-1)).returns.toEqualTypeOf<never>();
    expect(zeros([]).dims(0)).toEqual([]);
    expect(zeros([2, 3]).t().dims(2)).toEqual([3, 2]);
  });

  test("toArray", () => {
    expectTypeOf(tensor(1).toArray(0)).toEqualTypeOf<number>();
    expectTypeOf(tensor([1]).toArray(1)).toEqualTypeOf<number[]>();
    expectTypeOf(tensor([[1]]).toArray(2)).toEqualTypeOf<number[][]>();
    expectTypeOf(ones([1, 1, 1, 1]).toArray(4)).toEqualTypeOf<number[][][][]>();
    expectTypeOf(tensor([1]).toArray()).toEqualTypeOf<NestedArray>();
    for (const shape of [[], [3], [2, 3], [2, 0, 1]]) {
      for (const dtype of ["float32", "bfloat16", "int64", "uint8"] as const) expect(ones(shape, dtype).toArray(shape.length)).toEqual(ones(shape, dtype).toArray());
    }
    expect(tensor([[true, false]]).toArray(2)).toEqual([[1, 0]]);
    expect(tensor([[true, false]]).toArray()).toEqual([[true, false]]);
  });

  test("grad", () => {
    const [a, b] = [tensor([1, 2], { requiresGrad: true }), tensor([3, 4], { requiresGrad: true })];
    const [da, db] = grad([sum(mul(a, b))], [a, b]);
    expectTypeOf([da, db] as const).toEqualTypeOf<readonly [Tensor, Tensor]>();
    expect([da.toArray(), db.toArray()]).toEqual([[3, 4], [1, 2]]);
    const unused = grad([sum(a)], [a, b], { allowUnused: true });
    expectTypeOf(unused).toEqualTypeOf<[Tensor | null, Tensor | null]>();
    expect(unused[1]).toBeNull();
    const list: readonly Tensor[] = [a];
    expectTypeOf(grad([sum(a)], list)).toEqualTypeOf<Tensor[]>();
    expectTypeOf(grad([sum(a)], [...list])).toEqualTypeOf<Tensor[]>();
  });
});
