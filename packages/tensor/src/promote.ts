import { dtypeInfo, type DType } from "@tapegrad/kernels";

/** Categories of PyTorch's promotion: bool below integers below floating-point numbers. */
function category(dtype: DType): number {
  if (dtype === "bool") return 0;
  return dtypeInfo[dtype].isFloating ? 2 : 1;
}

/** Order within a category. */
const rank: Readonly<Record<DType, number>> = { bool: 0, uint8: 0, int32: 1, int64: 2, float16: 0, bfloat16: 0, float32: 1, float64: 2 };

/** The dtype that holds both, among dtypes that count alike. */
function wider(a: DType, b: DType): DType {
  if (a === b) return a;
  const ca = category(a);
  const cb = category(b);
  if (ca !== cb) return ca > cb ? a : b;
  // Neither float16 nor bfloat16 holds the other.
  if (rank[a] === rank[b]) return "float32";
  return rank[a] > rank[b] ? a : b;
}

/** What takes part in a promotion: a JS number counts least, then a 0-d tensor, then a tensor with dimensions. */
export interface PromotionOperand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly wrappedNumber: boolean;
}

function priority(operand: PromotionOperand): number {
  if (operand.wrappedNumber) return 0;
  return operand.shape.length === 0 ? 1 : 2;
}

/**
 * PyTorch's result type: an operand of a lower priority raises the dtype only if its category is higher.
 * Source: torch.result_type.
 */
export function resultType(a: PromotionOperand, b: PromotionOperand): DType {
  if (a.dtype === b.dtype) return a.dtype;
  const pa = priority(a);
  const pb = priority(b);
  if (pa === pb) return wider(a.dtype, b.dtype);
  const [high, low] = pa > pb ? [a, b] : [b, a];
  if (category(low.dtype) <= category(high.dtype)) return high.dtype;
  // A number or 0-d tensor of a higher category: floats become the default dtype where the other is integral.
  return low.wrappedNumber && category(low.dtype) === 2 ? "float32" : low.dtype;
}

/** The dtype that holds all of them, whatever their shapes. */
export function commonType(dtypes: readonly DType[]): DType {
  return dtypes.reduce(wider);
}

/** The dtype of sums and products: integers and bools are counted in int64, as in PyTorch. */
export function countType(dtype: DType): DType {
  return dtypeInfo[dtype].isFloating ? dtype : "int64";
}

/** The dtype of ops that leave the integers: float32 for integral and bool operands. */
export function floatType(dtype: DType): DType {
  return dtypeInfo[dtype].isFloating ? dtype : "float32";
}
