import { backend } from "../compute/chosen-backend.ts";
import { int32Kernel, requireIntegers } from "../compute/indices.ts";
import { IndexError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { describe, requireTensor, type Tensor } from "../tensor.ts";
import { integerDTypes } from "./every-dtype.ts";

interface ClassesAttrs {
  /** In whose name errors are raised. */
  readonly op: string;
  readonly classCount: number;
  readonly ignoreIndex: number;
}

/** Labels as the losses' kernels take them. */
const definition = defineOp<readonly ["targets"], ClassesAttrs>({
  name: "classIndices",
  inputs: ["targets"],
  saves: [],
  dtypes: integerDTypes,
  infer: ([targets]) => ({ shape: targets.shape, dtype: "int32" }),
  forward: ([targets], { op, classCount, ignoreIndex }) => {
    const classes = int32Kernel(targets);
    const bad = classes.numel() === 0 ? -1 : backend.invalidTarget(classes, classCount, ignoreIndex);
    if (bad < 0) return classes;
    const target = Number(targets.toTypedArray()[bad]);
    throw new IndexError({
      op,
      fact: `target ${target} at position ${bad} is outside [0, ${classCount - 1}]`,
      details: [describe("targets", targets)],
      code: `${op}/target`,
      data: { target, position: bad, classes: classCount },
    });
  },
  samples: () => [
    { inputs: [{ shape: [4], values: [0, 2, 1, 2] }], attrs: { op: "crossEntropy", classCount: 3, ignoreIndex: -100 } },
    { inputs: [{ shape: [3], values: [7, 0, 7] }], attrs: { op: "nllLoss", classCount: 2, ignoreIndex: 7 } },
    { inputs: [{ shape: [0], values: [] }], attrs: { op: "nllLoss", classCount: 2, ignoreIndex: 7 } },
  ],
});

/** Throws DTypeError `OP/targets`, IndexError `OP/target`. */
export function classIndices(op: string, targets: Tensor, classCount: number, ignoreIndex: number): Tensor {
  requireTensor(op, "targets", targets);
  requireIntegers(op, "targets", targets, "targets");
  return definition.run([targets], { op, classCount, ignoreIndex });
}
