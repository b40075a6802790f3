// What keeps a small file from taking all memory. No file that a model was ever saved in comes near any of them.

/** As the reference library has it. */
export const mostHeaderBytes = 100_000_000;
/** Tensors, each of which takes some hundred bytes even if it is empty, or notes. */
export const mostMembers = 1 << 15;
export const mostDims = 64;
/** Of all names, or of all notes, together. */
export const mostTextBytes = 1 << 24;
