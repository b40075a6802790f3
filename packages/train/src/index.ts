export { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export type { CheckpointParts, History, LoadCheckpointOptions, LoadedCheckpoint, SaveCheckpointOptions } from "./checkpoint.ts";
