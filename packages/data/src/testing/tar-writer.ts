interface WrittenEntry {
  readonly name: string;
  readonly type?: string;
  readonly content?: Uint8Array;
  /** What the header says instead of the content's size, as text. */
  readonly size?: string;
  /** What it says instead of the sum of its bytes. */
  readonly sum?: number;
}

/** An entry of a tar archive with its header, in whole blocks. */
export function tarEntry({ name, type = "0", content = new Uint8Array(), size, sum }: WrittenEntry): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write(`${size ?? content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write(type, 156);
  header.write("ustar\x0000", 257, "latin1");
  header.fill(0x20, 148, 156);
  const own = header.reduce((total, byte) => total + byte, 0);
  header.write(`${(sum ?? own).toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** What ends an archive. */
export const tarEnd: Uint8Array = Buffer.alloc(1024);
