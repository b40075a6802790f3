export { pattern } from "./pattern.ts";
export { inTemporaryFolder, temporaryFolder } from "./temporary-folder.ts";
export { thrownBy } from "./thrown-by.ts";
export { memoryFolder } from "./memory-folder.ts";
