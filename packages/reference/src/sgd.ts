export interface SgdOptions {
  readonly learningRate: number;
}

export interface VelocityOptions extends SgdOptions {
  readonly momentum: number;
}

/** Stochastic gradient descent: w - learningRate * dW. */
export function sgdStep(w: Float64Array, dW: Float64Array, { learningRate }: SgdOptions): Float64Array {
  return w.map((value, i) => value - learningRate * dW[i]!);
}

/**
 * Momentum as CS231n writes it: the velocity holds the learning rate and points where the weights go.
 *
 * velocity = momentum * velocity - learningRate * dW; w = w + velocity. The velocity begins at 0.
 */
export function sgdVelocityStep(
  w: Float64Array,
  dW: Float64Array,
  velocity: Float64Array,
  { learningRate, momentum }: VelocityOptions,
): { w: Float64Array; velocity: Float64Array } {
  const next = velocity.map((value, i) => momentum * value - learningRate * dW[i]!);
  return { w: w.map((value, i) => value + next[i]!), velocity: next };
}

/** Nesterov momentum as CS231n writes it: w = w - momentum * (old velocity) + (1 + momentum) * (new velocity). */
export function nesterovVelocityStep(
  w: Float64Array,
  dW: Float64Array,
  velocity: Float64Array,
  { learningRate, momentum }: VelocityOptions,
): { w: Float64Array; velocity: Float64Array } {
  const next = velocity.map((value, i) => momentum * value - learningRate * dW[i]!);
  return { w: w.map((value, i) => value - momentum * velocity[i]! + (1 + momentum) * next[i]!), velocity: next };
}

export interface BufferOptions extends VelocityOptions {
  /** What the buffer leaves out of each new gradient; 0 by default. */
  readonly dampening?: number;
  /** Added to the gradient, times the weight; 0 by default. */
  readonly weightDecay?: number;
}

/** buffer = momentum * buffer + (1 - dampening) * gradient; the first step (buffer null) takes the gradient itself. */
function nextBuffer(
  w: Float64Array,
  dW: Float64Array,
  buffer: Float64Array | null,
  { momentum, dampening = 0, weightDecay = 0 }: BufferOptions,
): { gradient: Float64Array; buffer: Float64Array } {
  const gradient = dW.map((slope, i) => slope + weightDecay * w[i]!);
  if (buffer === null) return { gradient, buffer: gradient.slice() };
  return { gradient, buffer: buffer.map((value, i) => momentum * value + (1 - dampening) * gradient[i]!) };
}

/** Momentum as PyTorch writes it: the buffer holds gradients, and w = w - learningRate * buffer. */
export function sgdBufferStep(
  w: Float64Array,
  dW: Float64Array,
  buffer: Float64Array | null,
  options: BufferOptions,
): { w: Float64Array; buffer: Float64Array } {
  const next = nextBuffer(w, dW, buffer, options);
  return { w: w.map((value, i) => value - options.learningRate * next.buffer[i]!), buffer: next.buffer };
}

/**
 * Nesterov momentum as PyTorch writes it: w = w - learningRate * (gradient + momentum * buffer).
 *
 * Throws RangeError unless momentum > 0 and dampening = 0.
 */
export function nesterovBufferStep(
  w: Float64Array,
  dW: Float64Array,
  buffer: Float64Array | null,
  options: BufferOptions,
): { w: Float64Array; buffer: Float64Array } {
  const { learningRate, momentum, dampening = 0 } = options;
  if (!(momentum > 0) || dampening !== 0) {
    throw new RangeError(`nesterovBufferStep: momentum = ${momentum} must be above 0 and dampening = ${dampening} must be 0`);
  }
  const next = nextBuffer(w, dW, buffer, options);
  const stepped = w.map((value, i) => value - learningRate * (next.gradient[i]! + momentum * next.buffer[i]!));
  return { w: stepped, buffer: next.buffer };
}
