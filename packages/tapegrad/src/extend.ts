/**
 * For programs that go beyond the ops of the library: ops and gradients of their own, and interpreters that see every op. It is the same
 * copy of everything that `tapegrad` is.
 *
 * @module
 */
export { Function, FunctionContext, onceDifferentiable } from "@tapegrad/autograd";
export type { FunctionClass, SavedTensors } from "@tapegrad/autograd";
export { defineUserOp as defineOp, pushInterpreter } from "@tapegrad/tensor";
export type { BackwardContext, Inputs, Interpreter, Op, OpCall, OpResult, OutputSpec, Results, Sample, SampleInput, UserOp, UserOpSpec } from "@tapegrad/tensor";
