/** Sets a bit for each voxel of a frame that has the value; bits follow each other through the frames, lowest first (PS3.5 8.1.1). */
export function packFrame(target: Uint8Array, firstBit: number, voxels: Uint8Array, value: number): void {
  for (let at = voxels.indexOf(value); at >= 0; at = voxels.indexOf(value, at + 1)) {
    const bit = firstBit + at;
    target[bit >>> 3] = (target[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

/** Calls back for every bit that is set among `count` bits, with its number from `firstBit`. */
export function eachSetBit(bytes: Uint8Array, firstBit: number, count: number, call: (at: number) => void): void {
  const last = firstBit + count;
  for (let bit = firstBit; bit < last; ) {
    const byte = bytes[bit >>> 3] ?? 0;
    if (byte === 0) {
      bit = (bit | 7) + 1;
    } else {
      if ((byte >>> (bit & 7)) & 1) call(bit - firstBit);
      bit += 1;
    }
  }
}
