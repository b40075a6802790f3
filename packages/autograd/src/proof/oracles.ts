import { layerOracles } from "./oracles-layers.ts";
import { layoutOracles } from "./oracles-layout.ts";
import { pointwiseOracles } from "./oracles-pointwise.ts";
import { reduceOracles } from "./oracles-reduce.ts";
import type { Oracle } from "./oracle.ts";

/** The oracle of every op. */
export const oracles: Readonly<Record<string, Oracle>> = { ...pointwiseOracles, ...layoutOracles, ...reduceOracles, ...layerOracles };
