export { fuzzFolder } from "./fuzz-folder.ts";
export type { RandomBelow } from "./fuzz-folder.ts";
export { nearLargest } from "./near-largest.ts";
export { pattern } from "./pattern.ts";
export { inTemporaryFolder, temporaryFolder } from "./temporary-folder.ts";
export { thrownBy } from "./thrown-by.ts";
