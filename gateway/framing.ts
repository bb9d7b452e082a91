/** Longest PDU we announce (PS3.8 D.1.1), bytes. */
export const MAXIMUM_LENGTH = 262_144;

/** Longest PDU we take, bytes: four times what we announce; an association request with every context fits as well. */
export const LENGTH_LIMIT = 4 * MAXIMUM_LENGTH;

const HEADER = 6;

/** What came is no PDU that could be meant (PS3.8 9.3.1). */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

/**
 * Follows the boundaries of PDUs in a stream of bytes, which dcmjs-dimse does not check: it goes on collecting whatever
 * length a header claims. Each PDU begins with its type (1 byte), a reserved byte and its length (4 bytes, big endian).
 */
export class Framing {
  readonly #header = Buffer.alloc(HEADER);
  #headerBytes = 0;
  #bodyBytesLeft = 0;

  /**
   * Takes the next bytes.
   *
   * @returns how many PDUs ended in them
   * @throws {FramingError} a type that does not exist, or a length beyond all reason
   */
  accept(bytes: Uint8Array): number {
    let ended = 0;
    for (let offset = 0; offset < bytes.length; ) {
      if (this.#headerBytes < HEADER) {
        this.#header[this.#headerBytes++] = bytes[offset++] ?? 0;
        if (this.#headerBytes < HEADER) continue;
        this.#bodyBytesLeft = this.#checkedLength();
      } else {
        const taken = Math.min(this.#bodyBytesLeft, bytes.length - offset);
        this.#bodyBytesLeft -= taken;
        offset += taken;
      }
      if (this.#bodyBytesLeft > 0) continue;
      this.#headerBytes = 0;
      ended += 1;
    }
    return ended;
  }

  #checkedLength(): number {
    const type = this.#header.readUInt8(0);
    if (type < 1 || type > 7) throw new FramingError(`A PDU has a type of 1 to 7; this one says ${type}.`);
    const length = this.#header.readUInt32BE(2);
    if (length > LENGTH_LIMIT) {
      throw new FramingError(`A PDU has at most ${LENGTH_LIMIT} bytes here; this one claims ${length}.`);
    }
    return length;
  }
}
