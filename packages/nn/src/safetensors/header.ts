import { showName } from "@tapegrad/tensor";
import { fileDTypes, otherDTypeBits } from "./file-dtypes.ts";
import { beyondLimit, malformed, type FileOfOp } from "./format-errors.ts";
import { HeaderText } from "./header-text.ts";
import { mostDims, mostMembers } from "./limits.ts";

/** The member of the header that is no tensor. */
export const metadataName = "__metadata__";

/** What the header says of a tensor. */
export interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The tensors of a header, in its order, which fill `dataBytes` bytes; the notes are checked as well. */
export function parseEntries(file: FileOfOp, header: Buffer, dataBytes: number): readonly Entry[] {
  const text = new HeaderText(file, header);
  const entries: Entry[] = [];
  headerMembers(file, text, (name) => {
    if (name === metadataName) parseNotes(file, text, false);
    else entries.push(parseEntry(file, text, name));
  });
  checkLayout(file, entries, dataBytes);
  return entries;
}

/** The notes of a header. What it says of tensors need not make sense. */
export function parseMetadata(file: FileOfOp, header: Buffer): Record<string, string> {
  const text = new HeaderText(file, header);
  let notes: ReadonlyMap<string, string> = new Map();
  headerMembers(file, text, (name) => {
    if (name === metadataName) notes = parseNotes(file, text, true);
    else text.skipValue();
  });
  return Object.fromEntries(notes);
}

function headerMembers(file: FileOfOp, text: HeaderText, member: (name: string) => void): void {
  if (text.peek() !== "{") {
    text.skipValue();
    throw malformed(file, "the header is not a JSON object");
  }
  distinctMembers(file, text, "the header", member);
  text.expectEnd();
}

/** Reads an object in which no member comes twice. */
function distinctMembers(file: FileOfOp, text: HeaderText, where: string, member: (name: string) => void): void {
  const names = new Set<string>();
  text.object((name) => {
    if (names.has(name)) throw malformed(file, `${where} has ${showName(name)} twice`);
    if (names.size === mostMembers) throw beyondLimit(file, `${where} has more than ${mostMembers} members`);
    names.add(name);
    member(name);
  });
}

/** The notes; where they are not wanted, they are only checked. */
function parseNotes(file: FileOfOp, text: HeaderText, wanted: boolean): ReadonlyMap<string, string> {
  const notes = new Map<string, string>();
  if (text.skipNull()) return notes;
  const noTexts = (): Error => {
    // Text that is no JSON is said to be that.
    text.skipValue();
    return malformed(file, `${metadataName} must hold texts`);
  };
  if (text.peek() !== "{") throw noTexts();
  distinctMembers(file, text, metadataName, (name) => {
    if (text.peek() !== '"') throw noTexts();
    if (wanted) notes.set(name, text.string());
    else text.skipString();
  });
  return notes;
}

function parseEntry(file: FileOfOp, text: HeaderText, name: string): Entry {
  const wrong = (): Error => malformed(file, `the entry of ${showName(name)} must have a dtype, a shape and two data_offsets`);
  const wrongValue = (): Error => {
    text.skipValue();
    return wrong();
  };
  let dtype: string | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  const once = (field: string, earlier: unknown): void => {
    if (earlier !== undefined) throw malformed(file, `the entry of ${showName(name)} has ${field} twice`);
  };
  if (text.peek() !== "{") throw wrongValue();
  text.object((field) => {
    switch (field) {
      case "dtype":
        once(field, dtype);
        if (text.peek() !== '"') throw wrongValue();
        return void (dtype = text.string());
      case "shape":
        once(field, shape);
        return void (shape = parseSizes(text, wrongValue, mostDims, () => beyondLimit(file, `${showName(name)} has more than ${mostDims} dimensions`)));
      case "data_offsets":
        once(field, offsets);
        return void (offsets = parseSizes(text, wrongValue, 2, wrong));
      default:
        // The format may come to say more of a tensor.
        return text.skipValue();
    }
  });
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) throw wrong();
  const [begin = 0, end = 0] = offsets;
  const needed = bytesNeeded(dtype, shape) ?? end - begin;
  if (end - begin !== needed || end < begin) throw malformed(file, `${showName(name)} has ${end - begin} bytes, its shape and dtype need ${needed}`);
  return { name, dtype, shape, begin, end };
}

function parseSizes(text: HeaderText, wrongValue: () => Error, most: number, tooMany: () => Error): readonly number[] {
  if (text.peek() !== "[") throw wrongValue();
  const sizes: number[] = [];
  text.array(() => {
    const size = text.size();
    if (size === null) throw wrongValue();
    if (sizes.length === most) throw tooMany();
    sizes.push(size);
  });
  return sizes;
}

/** The bytes of a tensor; null for a dtype that nobody knows. */
function bytesNeeded(dtype: string, shape: readonly number[]): number | null {
  const bits = otherDTypeBits.get(dtype) ?? 8 * (fileDTypes.get(dtype)?.bytes ?? NaN);
  if (Number.isNaN(bits)) return null;
  let count = 1;
  // A product that no integer holds stays wrong, also if a size behind it is 0, as in the reference library.
  for (const size of shape) if (Number.isSafeInteger(count)) count *= size;
  return (count * bits) / 8;
}

/** The tensors must fill the data without gaps and overlaps: the format forbids both. */
function checkLayout(file: FileOfOp, entries: readonly Entry[], dataBytes: number): void {
  let filled = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== filled) throw malformed(file, `${showName(name)} begins at byte ${begin} of the data, the tensors before it end at ${filled}`);
    filled = end;
  }
  if (filled !== dataBytes) throw malformed(file, `the tensors need ${filled} bytes of data, the file has ${dataBytes}`);
}
