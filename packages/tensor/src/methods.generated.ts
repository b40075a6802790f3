// Made by scripts/generate-methods.mjs of the table in methods.ts; `npm run lint -- --update-api` makes it anew.
import type { IntegerData } from "./integer-data.ts";
import type { LeakyReluOptions, SoftplusOptions } from "./ops/activation.ts";
import type { AlphaOptions } from "./ops/arithmetic.ts";
import type { Operand } from "./ops/define-binary.ts";
import type { ClampBounds } from "./ops/extremum.ts";
import type { Dims, KeepdimOptions, ReduceOptions } from "./ops/reduce-options.ts";
import type { ArgOptions, ValuesAndIndices } from "./ops/select-extremum.ts";
import type { VarianceOptions } from "./ops/variance.ts";
import type { Shape } from "./shape.ts";
import type { DType } from "@tapegrad/kernels";

declare module "./tensor.ts" {
  interface Tensor {
    /**
     * The absolute value. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut sign(x)          (0 at 0)
     * @example
     * tensor([-1, 2]).abs().toArray(); // [1, 2]
     */
    abs(): Tensor;
    /**
     * Sum of two tensors, element by element, the second times `alpha`; of bools, whether either is true. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut, db = alpha dOut
     * Throws    ShapeError `add/broadcast`, DTypeError `add/alpha`, IndexError `add/option`
     * @example
     * tensor([1, 2]).add(10).toArray(); // [11, 12]
     * tensor([1, 2]).add(tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
     */
    add(b: Operand): Tensor;
    /**
     * Sum of two tensors, element by element, the second times `alpha`; of bools, whether either is true. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut, db = alpha dOut
     * Throws    ShapeError `add/broadcast`, DTypeError `add/alpha`, IndexError `add/option`
     * @example
     * tensor([1, 2]).add(10).toArray(); // [11, 12]
     * tensor([1, 2]).add(tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
     */
    add(b: Operand, options: AlphaOptions | undefined): Tensor;
    /**
     * x += alpha other, in place. What is done to a view is done to what it is a view of, for gradients too. Here `x` is the tensor itself.
     *
     * Throws    GradError `inPlace/leaf`, `inPlace/leaf-view`, `inPlace/unrecorded-view`, `tape/stale-view`; ShapeError `inPlace/shape`,
     *           `inPlace/coinciding`; DTypeError `inPlace/dtype`, `add_/alpha`; IndexError `add_/option`
     * @example
     * tensor([1, 2]).add_(tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
     * const x = tensor([1, 2, 3], { requiresGrad: true });
     * const y = mul(x, 1);
     * y.narrow(0, 0, 2).add_(1).mul_(10);
     * y.toArray(); // [20, 30, 3]
     * sum(y).backward();
     * x.grad?.toArray(); // [10, 10, 1]
     */
    add_(other: Operand, options?: AlphaOptions): Tensor;
    /**
     * The largest element over dimensions, all of them unless told; NaN if there is one.
     *
     * Gradient  to the largest elements, shared evenly among equal ones; to the NaNs if there are any
     * Throws    IndexError `amax/empty`, `amax/dim`
     * @example
     * tensor([[1, 5], [7, 2]]).amax(1).toArray(); // [5, 7]
     */
    amax(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /**
     * The smallest element over dimensions, all of them unless told; NaN if there is one.
     *
     * Gradient  to the smallest elements, shared evenly among equal ones; to the NaNs if there are any
     * Throws    IndexError `amin/empty`, `amin/dim`
     * @example
     * tensor([[1, 5], [7, 2]]).amin().item(); // 1
     * tensor([[1, 5], [7, 2]]).amin(0, { keepdim: true }).toArray(); // [[1, 2]]
     */
    amin(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /**
     * Position of the largest element as int32, the first of equal ones; of the flattened tensor, or along one dimension.
     *
     * Throws    IndexError `argmax/empty`, `argmax/dim`
     * @example
     * tensor([[1, 5], [7, 2]]).argmax(1).toArray(); // [1, 0]
     * tensor([[1, 5], [7, 2]]).argmax(0, { keepdim: true }).toArray(); // [[1, 0]]
     */
    argmax(dim?: number | ArgOptions, options?: KeepdimOptions): Tensor;
    /**
     * Position of the smallest element as int32, the first of equal ones; of the flattened tensor, or along one dimension.
     *
     * Throws    IndexError `argmin/empty`, `argmin/dim`
     * @example
     * tensor([4, 1, 3]).argmin().item(); // 1
     * tensor([[1, 5], [7, 2]]).argmin({ dim: 1 }).toArray(); // [0, 1]
     */
    argmin(dim?: number | ArgOptions, options?: KeepdimOptions): Tensor;
    /**
     * Products of matrices of two batches of the same size. Here `a` is the tensor itself.
     *
     * Shapes    a [B, m, k], b [B, k, n] -> [B, m, n]
     * Gradient  da = dOut bᵀ, db = aᵀ dOut
     * Throws    ShapeError `bmm/rank`, `bmm/batch`, `bmm/inner`
     * @example
     * tensor([[[1, 2]], [[3, 4]]]).bmm(tensor([[[1], [0]], [[0], [1]]])).toArray(); // [[[1]], [[4]]]
     */
    bmm(b: Tensor): Tensor;
    /**
     * The smallest integer that is not below. Integer tensors keep their dtype. Here `x` is the tensor itself.
     *
     * Gradient  dx = 0
     * @example
     * tensor([1.5, -1.5]).ceil().toArray(); // [2, -1]
     */
    ceil(): Tensor;
    /**
     * Elements limited to [min, max]; either bound may be left out. Where min is above max, everything is max. NaN stays NaN, and a NaN bound
     * makes everything NaN. Integers keep their dtype if the bounds are integers (infinite ones limit nothing), else they become float32;
     * bool becomes int64. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut where min <= x <= max, else 0          (1 at the bounds, as PyTorch 1.13)
     * Throws    IndexError `clamp/option`, `clamp/value` for a limit that lies outside the integer dtype
     * @example
     * tensor([-2, 0.5, 2]).clamp(-1, 1).toArray(); // [-1, 0.5, 1]
     * tensor([-2, 0.5, 2]).clamp({ min: 0 }).toArray(); // [0, 0.5, 2]
     */
    clamp(min: number | undefined, max?: number): Tensor;
    /**
     * Elements limited to [min, max]; either bound may be left out. Where min is above max, everything is max. NaN stays NaN, and a NaN bound
     * makes everything NaN. Integers keep their dtype if the bounds are integers (infinite ones limit nothing), else they become float32;
     * bool becomes int64. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut where min <= x <= max, else 0          (1 at the bounds, as PyTorch 1.13)
     * Throws    IndexError `clamp/option`, `clamp/value` for a limit that lies outside the integer dtype
     * @example
     * tensor([-2, 0.5, 2]).clamp(-1, 1).toArray(); // [-1, 0.5, 1]
     * tensor([-2, 0.5, 2]).clamp({ min: 0 }).toArray(); // [0, 0.5, 2]
     */
    clamp(bounds: ClampBounds): Tensor;
    /**
     * Limits x to [min, max], in place. Throws as `add_`. Here `x` is the tensor itself.
     * @example
     * tensor([-2, 0.5, 2]).clamp_(-1, 1).toArray(); // [-1, 0.5, 1]
     */
    clamp_(min: number | undefined, max?: number): Tensor;
    /**
     * Limits x to [min, max], in place. Throws as `add_`. Here `x` is the tensor itself.
     * @example
     * tensor([-2, 0.5, 2]).clamp_(-1, 1).toArray(); // [-1, 0.5, 1]
     */
    clamp_(bounds: ClampBounds): Tensor;
    /**
     * A row-major copy with storage of its own. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut
     * @example
     * tensor([1, 2]).clone().toArray(); // [1, 2]
     */
    clone(): Tensor;
    /**
     * The tensor itself if its elements lie in row-major order, a copy that does otherwise. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut
     * @example
     * tensor([[1, 2], [3, 4]]).transpose(0, 1).contiguous().isContiguous(); // true
     */
    contiguous(): Tensor;
    /**
     * Copies another tensor's elements into x, broadcasting and casting them. Where the two overlap, as if the source had been copied first. Here `x` is the tensor itself.
     *
     * Throws    as `add_`, and ShapeError `copy_/shape`
     */
    copy_(source: Tensor): Tensor;
    /**
     * Cosine, of radians. Here `x` is the tensor itself.
     *
     * Gradient  dx = -dOut sin(x)
     * @example
     * tensor(0).cos().item(); // 1
     */
    cos(): Tensor;
    /**
     * True quotient; integers give float32. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut / b, db = -dOut a / b²
     * Throws    ShapeError `div/broadcast`
     * @example
     * tensor([1, 2]).div(4).toArray(); // [0.25, 0.5]
     */
    div(b: Operand): Tensor;
    /** x /= other, in place. Throws as `add_`. Here `x` is the tensor itself. */
    div_(other: Operand): Tensor;
    /**
     * Sum of the products of two vectors' elements. Here `a` is the tensor itself.
     *
     * Shapes    a [n], b [n] -> []
     * Gradient  da = dOut b, db = dOut a
     * Throws    ShapeError `dot/rank`, `dot/inner`
     * @example
     * tensor([1, 2]).dot(tensor([3, 4])).item(); // 11
     */
    dot(b: Tensor): Tensor;
    /** Whether elements are equal; NaN equals nothing. Throws ShapeError `eq/broadcast`. */
    eq(b: Operand): Tensor;
    /**
     * The error function. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut 2 / sqrt(pi) exp(-x²)
     * @example
     * tensor(0).erf().item(); // 0
     */
    erf(): Tensor;
    /**
     * e to the power of each element. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut out
     * @example
     * tensor([0, 1]).exp().toArray(); // [1, 2.7182817459106445]
     */
    exp(): Tensor;
    /**
     * A larger shape, seen by repeating along dimensions of size 1 and new leading ones, without a copy. -1 keeps a size. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut summed over the repeated dimensions
     * Throws    ShapeError `expand/shape`
     * @example
     * tensor([[1], [2]]).expand([2, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
     */
    expand(shape: Shape): Tensor;
    /** `expand` to the shape of another tensor. Throws ShapeError `expandAs/shape`. */
    expandAs(other: Tensor): Tensor;
    /**
     * exp(x) - 1, accurate near 0. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut exp(x)
     * @example
     * tensor(0).expm1().item(); // 0
     */
    expm1(): Tensor;
    /**
     * Sets every element to `value`, in place. Throws as `add_`, but for `inPlace/coinciding`; and IndexError `fill_/value` for a value that the
     * dtype does not hold.
     */
    fill_(value: number): Tensor;
    /**
     * Dimensions `start` to `end` (included) made one; the tensor itself if that is one dimension. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut, reshaped
     * Throws    IndexError `flatten/dim`, ShapeError `flatten/order`
     * @example
     * zeros([2, 3, 4]).flatten(1).shape; // [2, 12]
     */
    flatten(start?: number, end?: number): Tensor;
    /**
     * The largest integer that is not above. Integer tensors keep their dtype. Here `x` is the tensor itself.
     *
     * Gradient  dx = 0
     * @example
     * tensor([1.5, -1.5]).floor().toArray(); // [1, -2]
     */
    floor(): Tensor;
    /**
     * Quotient rounded down. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Throws    ShapeError `floorDivide/broadcast`, DTypeError `floorDivide/dtype` for two bools, TapegradError `floorDivide/zero` for a zero in b where both are integers
     * @example
     * tensor([7, -7]).floorDivide(2).toArray(); // [3, -4]
     */
    floorDivide(b: Operand): Tensor;
    /**
     * Elements of `x` picked along a dimension: out[i][j] = x[i][indices[i][j]] for dim 1. Negative indices count from the end. In the other
     * dimensions there may be fewer indices than elements: the first ones are meant. Here `x` is the tensor itself.
     *
     * Shapes    x [..., n, ...], indices [..., m, ...] with the other sizes not larger -> indices' shape; 0-d ones count as [1]
     * Gradient  dx = dOut added up where it was picked from
     * Throws    ShapeError `gather/shape`, `gather/ragged`; IndexError `gather/index`, `gather/dim`, `gather/integer`; DTypeError `gather/indices-dtype`
     * @example
     * tensor([[1, 2], [3, 4]]).gather(1, [[1], [0]]).toArray(); // [[2], [3]]
     * tensor([[1, 2], [3, 4]]).gather(1, tensor([[1], [0]], "int32")).toArray(); // [[2], [3]]
     */
    gather(dim: number, indices: IntegerData): Tensor;
    /** Whether a >= b. Throws ShapeError `ge/broadcast`. */
    ge(b: Operand): Tensor;
    /** Whether a > b. Throws ShapeError `gt/broadcast`. */
    gt(b: Operand): Tensor;
    /**
     * Entries of one dimension by their positions, copied. Here `x` is the tensor itself.
     *
     * Shapes    x [..., n, ...], indices [m] -> [..., m, ...]; x [], indices [1] -> []; indices [] count as [1]
     * Gradient  dx = dOut added up where it was picked from
     * Throws    ShapeError `indexSelect/indices`, `indexSelect/0-d`, `indexSelect/ragged`; IndexError `indexSelect/index`, `indexSelect/dim`,
     *           `indexSelect/integer`; DTypeError `indexSelect/indices-dtype`
     * @example
     * tensor([[1, 2], [3, 4]]).indexSelect(0, [1, 1]).toArray(); // [[3, 4], [3, 4]]
     * tensor([[1, 2], [3, 4]]).indexSelect(1, tensor([1], "int32")).toArray(); // [[2], [4]]
     */
    indexSelect(dim: number, indices: IntegerData): Tensor;
    /** Whether elements are neither infinite nor NaN. */
    isfinite(): Tensor;
    /** Whether elements are +inf or -inf. */
    isinf(): Tensor;
    /** Whether elements are NaN, which integers never are. */
    isnan(): Tensor;
    /** Whether a <= b. Throws ShapeError `le/broadcast`. */
    le(b: Operand): Tensor;
    /**
     * x above 0, negativeSlope x elsewhere. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut or negativeSlope dOut          (at 0 the latter)
     * @example
     * tensor([-1, 2]).leakyRelu({ negativeSlope: 0.5 }).toArray(); // [-0.5, 2]
     */
    leakyRelu(options?: LeakyReluOptions): Tensor;
    /**
     * Natural logarithm; -inf at 0, NaN below. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut / x
     * @example
     * tensor(1).log().item(); // 0
     */
    log(): Tensor;
    /**
     * Logarithm to base 10. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut / (x ln 10)
     * @example
     * tensor(1).log10().item(); // 0
     */
    log10(): Tensor;
    /**
     * log(1 + x), accurate near 0. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut / (1 + x)
     * @example
     * tensor(0).log1p().item(); // 0
     */
    log1p(): Tensor;
    /**
     * Logarithm to base 2. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut / (x ln 2)
     * @example
     * tensor(8).log2().item(); // 3
     */
    log2(): Tensor;
    /**
     * The logarithm of `softmax`, computed without overflow. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut - exp(out) sum of dOut
     * Throws    IndexError `logSoftmax/dim`
     * @example
     * tensor([1e4, 1e4]).logSoftmax(0).toArray(); // [-0.6931471824645996, -0.6931471824645996]
     */
    logSoftmax(dim: number): Tensor;
    /** Whether both are not zero. Throws ShapeError `logicalAnd/broadcast`. */
    logicalAnd(b: Operand): Tensor;
    /** Whether elements are zero. */
    logicalNot(): Tensor;
    /** Whether at least one is not zero. Throws ShapeError `logicalOr/broadcast`. */
    logicalOr(b: Operand): Tensor;
    /** Whether exactly one is not zero. Throws ShapeError `logicalXor/broadcast`. */
    logicalXor(b: Operand): Tensor;
    /**
     * log of the sum of exponentials over dimensions, all of them unless told, without overflow; -inf for all -inf, and of nothing. Integers
     * and bools give float32. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut exp(x - out)          (0 where all are -inf)
     * Throws    IndexError `logsumexp/dim`, `logsumexp/dim-twice`
     * @example
     * tensor([0, 0]).logsumexp().item(); // 0.6931471824645996
     * tensor([[0, 0], [-Infinity, 1]]).logsumexp(1).toArray(); // [0.6931471824645996, 1]
     */
    logsumexp(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /** Whether a < b. Throws ShapeError `lt/broadcast`. */
    lt(b: Operand): Tensor;
    /**
     * Matrix product, batched and broadcast over leading dimensions. A 1-d operand counts as a row on the left and as a column
     * on the right, and its dimension vanishes from the result. Here `a` is the tensor itself.
     *
     * Shapes    a [...B, m, k], b [...B, k, n] -> [...B, m, n]
     * Gradient  da = dOut bᵀ, db = aᵀ dOut
     * Throws    ShapeError `matmul/inner`, `matmul/broadcast`, `matmul/scalar`; DTypeError `matmul/dtypes`
     * Source    as PyTorch
     * @example
     * tensor([[1, 2], [3, 4]]).matmul(tensor([[5], [6]])).toArray(); // [[17], [39]]
     */
    matmul(b: Tensor): Tensor;
    /**
     * The largest element: of the whole tensor, or with `dim` along a dimension, together with its position.
     *
     * Gradient  with `dim` to the first of equal elements; without, as `amax`
     * Throws    IndexError `max/empty`, `max/dim`, `max/option`
     * @example
     * tensor([3, 9, 4]).max().item(); // 9
     * const { values, indices } = tensor([[3, 9], [8, 4]]).max(1);
     * values.toArray(); // [9, 8]
     * indices.toArray(); // [1, 0]
     */
    max(): Tensor;
    /**
     * The largest element: of the whole tensor, or with `dim` along a dimension, together with its position.
     *
     * Gradient  with `dim` to the first of equal elements; without, as `amax`
     * Throws    IndexError `max/empty`, `max/dim`, `max/option`
     * @example
     * tensor([3, 9, 4]).max().item(); // 9
     * const { values, indices } = tensor([[3, 9], [8, 4]]).max(1);
     * values.toArray(); // [9, 8]
     * indices.toArray(); // [1, 0]
     */
    max(dim: number, keepdim?: boolean | KeepdimOptions): ValuesAndIndices;
    /**
     * The larger of two elements; NaN if either is. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  to the larger one; shared evenly where they are equal
     * Throws    ShapeError `maximum/broadcast`
     * @example
     * tensor([1, 5]).maximum(tensor([4, 2])).toArray(); // [4, 5]
     */
    maximum(b: Operand): Tensor;
    /**
     * Mean over dimensions, all of them unless told; NaN of nothing. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut / n, repeated
     * Throws    IndexError `mean/dim`, DTypeError `mean/dtype`
     * @example
     * tensor([1, 2, 6]).mean().item(); // 3
     * tensor([[1, 2], [3, 4]]).mean(1, { keepdim: true }).toArray(); // [[1.5], [3.5]]
     */
    mean(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /**
     * The smallest element: of the whole tensor, or with `dim` along a dimension, together with its position.
     *
     * Gradient  with `dim` to the first of equal elements; without, as `amin`
     * Throws    IndexError `min/empty`, `min/dim`, `min/option`
     * @example
     * tensor([3, 9, 4]).min().item(); // 3
     * const [values, indices] = tensor([[3, 9], [8, 4]]).min(1, { keepdim: true });
     * values.toArray(); // [[3], [4]]
     * indices.toArray(); // [[0], [1]]
     */
    min(): Tensor;
    /**
     * The smallest element: of the whole tensor, or with `dim` along a dimension, together with its position.
     *
     * Gradient  with `dim` to the first of equal elements; without, as `amin`
     * Throws    IndexError `min/empty`, `min/dim`, `min/option`
     * @example
     * tensor([3, 9, 4]).min().item(); // 3
     * const [values, indices] = tensor([[3, 9], [8, 4]]).min(1, { keepdim: true });
     * values.toArray(); // [[3], [4]]
     * indices.toArray(); // [[0], [1]]
     */
    min(dim: number, keepdim?: boolean | KeepdimOptions): ValuesAndIndices;
    /**
     * The smaller of two elements; NaN if either is. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  to the smaller one; shared evenly where they are equal
     * Throws    ShapeError `minimum/broadcast`
     * @example
     * tensor([1, 5]).minimum(tensor([4, 2])).toArray(); // [1, 2]
     */
    minimum(b: Operand): Tensor;
    /**
     * Product of two matrices: `matmul` that takes nothing else. Here `a` is the tensor itself.
     *
     * Shapes    a [m, k], b [k, n] -> [m, n]
     * Gradient  da = dOut bᵀ, db = aᵀ dOut
     * Throws    ShapeError `mm/rank`, `mm/inner`
     * @example
     * tensor([[1, 2]]).mm(tensor([[3], [4]])).toArray(); // [[11]]
     */
    mm(b: Tensor): Tensor;
    /**
     * Product of two tensors, element by element. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut b, db = dOut a
     * Throws    ShapeError `mul/broadcast`
     * @example
     * tensor([1, 2, 3]).mul(tensor([4, 5, 6])).toArray(); // [4, 10, 18]
     */
    mul(b: Operand): Tensor;
    /** x *= other, in place. Throws as `add_`. Here `x` is the tensor itself. */
    mul_(other: Operand): Tensor;
    /**
     * Product of a matrix and a vector. Here `a` is the tensor itself.
     *
     * Shapes    a [m, k], b [k] -> [m]
     * Gradient  da = dOut bᵀ, db = aᵀ dOut
     * Throws    ShapeError `mv/rank`, `mv/inner`
     * @example
     * tensor([[1, 2], [3, 4]]).mv(tensor([1, 10])).toArray(); // [21, 43]
     */
    mv(b: Tensor): Tensor;
    /**
     * `length` entries of a dimension from `start` on, sharing storage. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut in its place, 0 around it
     * Throws    IndexError `narrow/dim`, `narrow/range`, `narrow/0-d`
     * @example
     * arange(5).narrow(0, 1, 3).toArray(); // [1, 2, 3]
     */
    narrow(dim: number, start: number, length: number): Tensor;
    /** Whether elements differ. Throws ShapeError `ne/broadcast`. */
    ne(b: Operand): Tensor;
    /**
     * The negative of each element. Here `x` is the tensor itself.
     *
     * Gradient  dx = -dOut
     * @example
     * tensor([1, -2]).neg().toArray(); // [-1, 2]
     */
    neg(): Tensor;
    /**
     * Euclidean length over dimensions, all of them unless told. float32 neither overflows nor underflows unless the length does. As in the
     * other reductions, a number is a dimension (PyTorch's first argument is the order of the norm). Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut x / out          (0 at 0)
     * Throws    IndexError `norm/dim`
     * @example
     * tensor([3, 4]).norm().item(); // 5
     * tensor([[3, 4], [6, 8]]).norm(1).toArray(); // [5, 10]
     */
    norm(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /**
     * The dimensions in another order, sharing storage. Here `x` is the tensor itself.
     *
     * Shapes    x [n0, n1, ...] -> [n at dims[0], n at dims[1], ...]
     * Gradient  dx = dOut with the inverse order
     * Throws    ShapeError `permute/dims`, IndexError `permute/dim`
     * @example
     * zeros([2, 3, 4]).permute([2, 0, 1]).shape; // [4, 2, 3]
     */
    permute(dims: readonly number[]): Tensor;
    /**
     * `base` to the power of `exponent`; 0^0 = 1. Integers stay integers, unless the exponent is a fraction; among tensors a negative power
     * of an integer is 0, except of 1 and -1, as in PyTorch. Here `base` is the tensor itself.
     *
     * Shapes    base, exponent broadcast to the output
     * Gradient  dBase = dOut exponent base^(exponent-1), dExponent = dOut out log(base)          (0 for base 0)
     * Throws    ShapeError `pow/broadcast`, DTypeError `pow/dtype` for two bools; IndexError `pow/negative` for an integer and a negative number
     * @example
     * tensor([1, 2, 3]).pow(2).toArray(); // [1, 4, 9]
     */
    pow(exponent: Operand): Tensor;
    /**
     * Product over dimensions, all of them unless told; 1 of nothing. Integers and bools give int64. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut times the product of the other factors, exact where some are zero; so are higher derivatives
     * Throws    IndexError `prod/dim`, `prod/dim-twice`
     * @example
     * tensor([2, 3, 4]).prod().item(); // 24
     * tensor([[1, 2], [3, 4]]).prod(1).toArray(); // [2, 12]
     */
    prod(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /**
     * The quotient the other way round: rdiv(b, a) = a / b, for `x.rdiv(1)`. Here `b` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut / b, db = -dOut a / b²
     * Throws    ShapeError `rdiv/broadcast`
     * @example
     * tensor([4, 0.5]).rdiv(1).toArray(); // [0.25, 2]
     */
    rdiv(a: Operand): Tensor;
    /**
     * 1 / x. Here `x` is the tensor itself.
     *
     * Gradient  dx = -dOut out²
     * @example
     * tensor(4).reciprocal().item(); // 0.25
     */
    reciprocal(): Tensor;
    /**
     * max(x, 0). Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut where x > 0, else 0          (0 at 0)
     * @example
     * tensor([-1, 0, 2]).relu().toArray(); // [0, 0, 2]
     */
    relu(): Tensor;
    /** x = max(x, 0), in place. Throws as `add_`. Here `x` is the tensor itself. */
    relu_(): Tensor;
    /**
     * Remainder with the sign of the divisor, as Python's `%`. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut, db = -dOut floor(a / b)
     * Throws    ShapeError `remainder/broadcast`, DTypeError `remainder/dtype` for two bools, TapegradError `remainder/zero` for a zero in b where both are integers
     * @example
     * tensor([7, -7]).remainder(3).toArray(); // [1, 2]
     */
    remainder(b: Operand): Tensor;
    /**
     * The same elements in row-major order under another shape; a view where the strides allow it, a copy otherwise. One size
     * may be -1. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut, reshaped
     * Throws    ShapeError `reshape/size`, `reshape/inferred`
     * @example
     * arange(6).reshape([3, 2]).toArray(); // [[0, 1], [2, 3], [4, 5]]
     */
    reshape(shape: Shape): Tensor;
    /**
     * The nearest integer, halves to the even one. Integer tensors keep their dtype. Here `x` is the tensor itself.
     *
     * Gradient  dx = 0
     * @example
     * tensor([0.5, 1.5, 2.6]).round().toArray(); // [0, 2, 3]
     */
    round(): Tensor;
    /**
     * 1 / sqrt(x). Here `x` is the tensor itself.
     *
     * Gradient  dx = -dOut out³ / 2
     * @example
     * tensor(4).rsqrt().item(); // 0.5
     */
    rsqrt(): Tensor;
    /**
     * The difference the other way round: rsub(b, a) = a - alpha b, for `x.rsub(1)`. Here `b` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut, db = -alpha dOut
     * Throws    ShapeError `rsub/broadcast`, DTypeError `rsub/alpha`, IndexError `rsub/option`
     * @example
     * tensor([0.25, 1]).rsub(1).toArray(); // [0.75, 0]
     */
    rsub(a: Operand, options?: AlphaOptions): Tensor;
    /**
     * One entry of a dimension, without that dimension, sharing storage. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut in its place, 0 elsewhere
     * Throws    IndexError `select/dim`, `select/index`, `select/0-d`
     * @example
     * tensor([[1, 2], [3, 4]]).select(0, -1).toArray(); // [3, 4]
     */
    select(dim: number, index: number): Tensor;
    /**
     * 1 / (1 + exp(-x)), without overflow. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut out (1 - out)
     * @example
     * tensor(0).sigmoid().item(); // 0.5
     */
    sigmoid(): Tensor;
    /**
     * -1, 0 or 1; 0 for NaN, as PyTorch has it. Of bool, the bool itself. Here `x` is the tensor itself.
     *
     * Gradient  dx = 0
     * @example
     * tensor([-3, 0, 2]).sign().toArray(); // [-1, 0, 1]
     */
    sign(): Tensor;
    /**
     * Sine, of radians. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut cos(x)
     * @example
     * tensor(0).sin().item(); // 0
     */
    sin(): Tensor;
    /**
     * Entries `start` to `end` (excluded) of a dimension in steps, sharing storage. As in Python, bounds beyond the ends are cut
     * and negative ones count from the end. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut in its place, 0 elsewhere
     * Throws    IndexError `slice/dim`, `slice/step`, `slice/0-d`, `slice/option`
     * @example
     * arange(6).slice(0, 1, 5, 2).toArray(); // [1, 3]
     */
    slice(dim: number, start?: number, end?: number, step?: number): Tensor;
    /**
     * Exponentials along a dimension, divided by their sum. The maximum is subtracted first; a row of -inf gives NaN. Here `x` is the tensor itself.
     *
     * Shapes    x [...] -> [...]
     * Gradient  dx = out (dOut - sum of dOut out)
     * Throws    IndexError `softmax/dim`
     * @example
     * tensor([0, 0]).softmax(0).toArray(); // [0.5, 0.5]
     */
    softmax(dim: number): Tensor;
    /**
     * log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut sigmoid(beta x)
     * @example
     * tensor(0).softplus().item(); // 0.6931471824645996
     */
    softplus(options?: SoftplusOptions): Tensor;
    /**
     * Square root; NaN below 0. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut / (2 out)          (+inf at 0)
     * @example
     * tensor([4, 9]).sqrt().toArray(); // [2, 3]
     */
    sqrt(): Tensor;
    /**
     * x². Of bool, an int64. Here `x` is the tensor itself.
     *
     * Gradient  dx = 2 dOut x
     * @example
     * tensor(3).square().item(); // 9
     */
    square(): Tensor;
    /**
     * Without dimensions of size 1: all of them, or those named. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut, reshaped
     * Throws    IndexError `squeeze/dim`
     * @example
     * zeros([1, 3, 1]).squeeze().shape; // [3]
     * zeros([1, 3, 1]).squeeze(0).shape; // [3, 1]
     */
    squeeze(dim?: number | readonly number[]): Tensor;
    /**
     * Standard deviation: the square root of `variance`, without overflow where that has one. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut (x - mean) / (out (n - correction))          (0 for constants)
     * Throws    IndexError `std/dim`
     * @example
     * tensor([1, 3]).std({ correction: 0 }).item(); // 1
     * tensor([[1, 3], [2, 6]]).std(1, { correction: 0 }).toArray(); // [1, 2]
     */
    std(dim?: Dims | VarianceOptions, options?: Omit<VarianceOptions, "dim">): Tensor;
    /**
     * Difference of two tensors, the second times `alpha`. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut, db = -alpha dOut
     * Throws    ShapeError `sub/broadcast`, DTypeError `sub/alpha`, IndexError `sub/option`
     * @example
     * tensor([5, 7]).sub(tensor([1, 2])).toArray(); // [4, 5]
     * tensor([5, 7]).sub(tensor([1, 2]), { alpha: 2 }).toArray(); // [3, 3]
     */
    sub(b: Operand): Tensor;
    /**
     * Difference of two tensors, the second times `alpha`. Here `a` is the tensor itself.
     *
     * Shapes    a, b broadcast to the output
     * Gradient  da = dOut, db = -alpha dOut
     * Throws    ShapeError `sub/broadcast`, DTypeError `sub/alpha`, IndexError `sub/option`
     * @example
     * tensor([5, 7]).sub(tensor([1, 2])).toArray(); // [4, 5]
     * tensor([5, 7]).sub(tensor([1, 2]), { alpha: 2 }).toArray(); // [3, 3]
     */
    sub(b: Operand, options: AlphaOptions | undefined): Tensor;
    /**
     * x -= alpha other, in place. Throws as `add_`. Here `x` is the tensor itself.
     * @example
     * tensor([5, 7]).sub_(tensor([1, 2]), { alpha: 2 }).toArray(); // [3, 3]
     */
    sub_(other: Operand, options?: AlphaOptions): Tensor;
    /**
     * Sum over dimensions, all of them unless told; 0 of nothing. Integers and bools are counted in int64. Accumulated in blocks, so that float32 errors stay small. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut, repeated
     * Throws    IndexError `sum/dim`, `sum/dim-twice`
     * @example
     * tensor([[1, 2], [3, 4]]).sum().item(); // 10
     * tensor([[1, 2], [3, 4]]).sum(0).toArray(); // [4, 6]
     * tensor([[1, 2], [3, 4]]).sum([0, 1], { keepdim: true }).toArray(); // [[10]]
     * tensor([[1, 2], [3, 4]]).sum({ dim: 1 }).toArray(); // [3, 7]
     */
    sum(dim?: Dims | ReduceOptions, options?: KeepdimOptions): Tensor;
    /**
     * A matrix transposed; a tensor of fewer dimensions as it is.
     *
     * Throws    ShapeError `t/matrix`
     * @example
     * zeros([2, 3]).t().shape; // [3, 2]
     */
    t(): Tensor;
    /**
     * Tangent, of radians. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut (1 + out²)
     * @example
     * tensor(0).tan().item(); // 0
     */
    tan(): Tensor;
    /**
     * Hyperbolic tangent. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut (1 - out²)
     * @example
     * tensor(0).tanh().item(); // 0
     */
    tanh(): Tensor;
    /**
     * The tensor in another dtype; itself if it has that one. Floats truncate to integers, everything but 0 becomes true. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut
     * @example
     * tensor([1.7, -1.7]).to("int32").toArray(); // [1, -1]
     */
    to(dtype: DType): Tensor;
    /**
     * Two dimensions exchanged, sharing storage. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut transposed
     * Throws    IndexError `transpose/dim`
     * @example
     * tensor([[1, 2], [3, 4]]).transpose(0, 1).toArray(); // [[1, 3], [2, 4]]
     */
    transpose(dim0: number, dim1: number): Tensor;
    /**
     * The integer part. Integer tensors keep their dtype. Here `x` is the tensor itself.
     *
     * Gradient  dx = 0
     * @example
     * tensor([1.7, -1.7]).trunc().toArray(); // [1, -1]
     */
    trunc(): Tensor;
    /**
     * With a new dimension of size 1 at `dim`. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut, reshaped
     * Throws    IndexError `unsqueeze/dim`
     * @example
     * zeros([3]).unsqueeze(0).shape; // [1, 3]
     */
    unsqueeze(dim: number): Tensor;
    /**
     * Mean squared distance from the mean, in two passes. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut 2 (x - mean) / (n - correction)
     * Throws    IndexError `var/dim`
     * @example
     * tensor([1, 2, 3, 4]).var({ correction: 0 }).item(); // 1.25
     * tensor([[1, 3], [2, 6]]).var(1, { correction: 0 }).toArray(); // [1, 4]
     */
    var(dim?: Dims | VarianceOptions, options?: Omit<VarianceOptions, "dim">): Tensor;
    /**
     * The same elements under another shape, sharing storage. One size may be -1: it is worked out. Here `x` is the tensor itself.
     *
     * Gradient  dx = dOut, reshaped
     * Throws    ShapeError `view/size`, `view/inferred`, `view/strides` where the strides allow no such view
     * @example
     * arange(6).view([2, -1]).shape; // [2, 3]
     */
    view(shape: Shape): Tensor;
    /** Sets every element to 0, in place. Throws as `fill_`. */
    zero_(): Tensor;
  }
}
