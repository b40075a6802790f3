import { defineBinary, type BinaryOp } from "./define-binary.ts";
import { defineUnary, type UnaryOp } from "./define-unary.ts";

const predicate = { saves: [], gradient: { a: null, b: null }, result: "bool" } as const;
const unaryPredicate = { saves: [], gradient: null, result: "bool" } as const;

/** Whether elements are equal; NaN equals nothing. Throws ShapeError `eq/broadcast`. */
export const eq: BinaryOp = defineBinary("eq", predicate);
/** Whether elements differ. Throws ShapeError `ne/broadcast`. */
export const ne: BinaryOp = defineBinary("ne", predicate);
/** Whether a < b. Throws ShapeError `lt/broadcast`. */
export const lt: BinaryOp = defineBinary("lt", predicate);
/** Whether a <= b. Throws ShapeError `le/broadcast`. */
export const le: BinaryOp = defineBinary("le", predicate);
/** Whether a > b. Throws ShapeError `gt/broadcast`. */
export const gt: BinaryOp = defineBinary("gt", predicate);
/** Whether a >= b. Throws ShapeError `ge/broadcast`. */
export const ge: BinaryOp = defineBinary("ge", predicate);

/** Whether both are not zero. Throws ShapeError `logicalAnd/broadcast`. */
export const logicalAnd: BinaryOp = defineBinary("logicalAnd", predicate);
/** Whether at least one is not zero. Throws ShapeError `logicalOr/broadcast`. */
export const logicalOr: BinaryOp = defineBinary("logicalOr", predicate);
/** Whether exactly one is not zero. Throws ShapeError `logicalXor/broadcast`. */
export const logicalXor: BinaryOp = defineBinary("logicalXor", predicate);

/** Whether elements are zero. */
export const logicalNot: UnaryOp = defineUnary("logicalNot", unaryPredicate);
/** Whether elements are NaN, which integers never are. */
export const isnan: UnaryOp = defineUnary("isnan", unaryPredicate);
/** Whether elements are +inf or -inf. */
export const isinf: UnaryOp = defineUnary("isinf", unaryPredicate);
/** Whether elements are neither infinite nor NaN. */
export const isfinite: UnaryOp = defineUnary("isfinite", unaryPredicate);
