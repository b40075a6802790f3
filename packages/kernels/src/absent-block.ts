import { batchOfNext, Block } from "./block.ts";
import { MemoryError } from "./errors.ts";

/** The block of every storage that has a length and no elements. */
export const absentBlock = absent();

function absent(): Block {
  const block = new Block(0, "uint8", batchOfNext(0));
  block.freed = true;
  return block;
}

/** What the use of a block without bytes is. */
export function usedAfterFree(block: Block): MemoryError {
  if (block === absentBlock) {
    return new MemoryError({
      op: "meta",
      fact: "a meta tensor has a shape and a dtype and no elements, which this needs",
      hint: "compute it outside onMeta(() => ...)",
      code: "meta/elements",
    });
  }
  return new MemoryError({
    op: "heap",
    fact: `a tensor of ${block.bytes} bytes is used after it was freed`,
    hint: "return it from its scope(), or keep() it",
    code: "heap/freed",
    data: { bytes: block.bytes },
  });
}
