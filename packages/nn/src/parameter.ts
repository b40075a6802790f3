import { markCopy, requireTensor, Tensor } from "@tapegrad/tensor";

/**
 * A tensor that a module trains: found in the module's fields, listed by `parameters()`. A plain tensor cannot be assigned to a
 * field of this type: `noGrad(() => p.copy_(x))` changes the values.
 *
 * Throws    ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`; DTypeError `requiresGrad/floating`
 */
export class Parameter extends Tensor {
  /** For the compiler alone: without it, every tensor would count as a parameter. */
  declare protected readonly brand: "Parameter";

  constructor(data: Tensor, requiresGrad = true) {
    requireTensor("Parameter", "data", data);
    super(data.storage, data.shape, data.isContiguous() ? null : data.strides, data.offset);
    this.storage.kept = true;
    this.requiresGrad = requiresGrad;
  }
}

/** Options of `Buffer`. */
export interface BufferOptions {
  /** A state may lack it, also where loading is strict: it stays as it is then. Default: false. */
  readonly optional?: boolean;
}

/**
 * A tensor that belongs to a module's state but is not trained, like running statistics. A plain tensor cannot be assigned to a
 * field of this type: `b.copy_(x)` changes the values.
 *
 * Throws    ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`
 */
export class Buffer extends Tensor {
  /** For the compiler alone, as in `Parameter`. */
  declare protected readonly brand: "Buffer";
  /** Whether a state may lack it. */
  readonly optional: boolean;

  constructor(data: Tensor, options: BufferOptions = {}) {
    requireTensor("Buffer", "data", data);
    super(data.storage, data.shape, data.isContiguous() ? null : data.strides, data.offset);
    this.storage.kept = true;
    this.optional = options.optional === true;
  }
}

markCopy(Parameter, import.meta.url);
markCopy(Buffer, import.meta.url);
