import { Tensor } from "@tapegrad/tensor";

/** A tensor that a module trains: found in the module's fields, listed by `parameters()`. */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(data.storage, data.shape, data.isContiguous() ? null : data.strides, data.offset);
    this.storage.kept = true;
    this.requiresGrad = requiresGrad;
  }
}

/** A tensor that belongs to a module's state but is not trained, like running statistics. */
export class Buffer extends Tensor {
  constructor(data: Tensor) {
    super(data.storage, data.shape, data.isContiguous() ? null : data.strides, data.offset);
    this.storage.kept = true;
  }
}
