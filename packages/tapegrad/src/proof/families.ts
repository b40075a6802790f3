import type { Family } from "./case-list.ts";
import { binaryFamily } from "./cases/binary.ts";
import { convolutionFamily } from "./cases/convolution.ts";
import { creationFamily } from "./cases/creation.ts";
import { inPlaceFamily } from "./cases/in-place.ts";
import { indexingFamily } from "./cases/indexing.ts";
import { lossFamily } from "./cases/losses.ts";
import { normalizationFamily } from "./cases/normalization.ts";
import { parametricFamily } from "./cases/parametric.ts";
import { productFamily } from "./cases/products.ts";
import { reductionFamily } from "./cases/reductions.ts";
import { unaryFamily } from "./cases/unary.ts";
import { viewFamily } from "./cases/views.ts";

/**
 * Every op that is compared with PyTorch. A new one is an `op(...)` in its family's file, and then
 * `node scripts/pytorch-fixtures.mjs FAMILY`.
 */
export const families: readonly Family[] = [
  unaryFamily, parametricFamily, binaryFamily, reductionFamily, viewFamily, indexingFamily, productFamily, convolutionFamily, normalizationFamily, lossFamily, creationFamily, inPlaceFamily,
];
