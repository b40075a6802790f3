/** Bytes, one-byte opcodes given as characters, and text, put behind one another. */
export function assemble(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === "number" ? Buffer.of(part) : typeof part === "string" ? Buffer.from(part, "latin1") : part)),
  );
}

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** SHORT_BINSTRING, as Python 2 writes strings. */
function string(text: string): Uint8Array {
  return assemble("U", text.length, text);
}

/** A batch file as Python 2's cPickle wrote those of CIFAR-10, protocol 2. */
export function python2Batch(labels: readonly number[], pixels: Uint8Array, width: number): Uint8Array {
  return assemble(
    "\x80\x02}q\x01(",
    string("batch_label"), "q\x02", string("testing batch 1 of 1"), "q\x03",
    string("labels"), "q\x04]q\x05(", ...labels.map((label) => assemble("K", label)), "e",
    string("data"), "q\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\0\x85", string("b"), "\x87Rq\x09",
    "(K\x01M", int16(labels.length), "M", int16(width), "\x86",
    "cnumpy\ndtype\nq\x0a", string("u1"), "K\0K\x01\x87Rq\x0b(K\x03", string("|"), "NNNJ", int32(-1), "J", int32(-1), "K\0tb",
    "\x89T", int32(pixels.length), pixels, "tb",
    string("filenames"), "q\x0c]q\x0d(", ...labels.map((_, index) => string(`image_${index}.png`)), "e",
    "u.",
  );
}
