import type { DicomObject } from './head.ts';

/** Bytes that are kept; the newest file is kept whatever its size. */
const LIMIT = 128 << 20;

/** The files that were read last: the frames of one file are asked for one by one, many at once. */
export class RecentFiles {
  readonly #read: (object: DicomObject) => Promise<Buffer>;
  /** Oldest first. */
  readonly #files = new Map<string, { readonly bytes: Promise<Buffer>; size: number }>();

  constructor(read: (object: DicomObject) => Promise<Buffer>) {
    this.#read = read;
  }

  /** @throws what reading throws; it is tried again the next time */
  async get(object: DicomObject): Promise<Buffer> {
    const name = `${object.bucket}/${object.key}`;
    const entry = this.#files.get(name) ?? { bytes: this.#read(object), size: 0 };
    this.#files.delete(name);
    this.#files.set(name, entry);
    try {
      const bytes = await entry.bytes;
      entry.size = bytes.length;
      this.#trim();
      return bytes;
    } catch (error) {
      this.#files.delete(name);
      throw error;
    }
  }

  #trim(): void {
    let total = 0;
    for (const { size } of this.#files.values()) total += size;
    for (const [name, { size }] of this.#files) {
      if (total <= LIMIT || this.#files.size === 1) return;
      this.#files.delete(name);
      total -= size;
    }
  }
}
