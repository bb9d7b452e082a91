import { PixelDataError, type PixelDescription, samplesOf } from './pixel-description.ts';

/**
 * Decodes an RLE frame into little endian samples, interleaved by pixel. Source: PS3.5 annex G. Each segment holds one
 * byte plane: for each sample of the pixel, the most significant byte first.
 *
 * @throws {PixelDataError} the segments do not fit the image
 */
export function decodeRle(encoded: Uint8Array, description: PixelDescription): Uint8Array {
  const bytesPerSample = Math.max(1, description.bitsAllocated / 8);
  const planes = description.samplesPerPixel * bytesPerSample;
  const pixels = description.rows * description.columns;
  if (encoded.length < 64) throw new PixelDataError('The RLE frame is shorter than its header.');
  const header = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const segments = header.getUint32(0, true);
  if (segments !== planes) throw new PixelDataError(`The RLE frame must have ${planes} segments; it has ${segments}.`);
  const out = new Uint8Array(samplesOf(description) * bytesPerSample);
  for (let plane = 0; plane < planes; plane++) {
    const start = header.getUint32(4 + plane * 4, true);
    const end = plane + 1 < planes ? header.getUint32(8 + plane * 4, true) : encoded.length;
    const sample = Math.floor(plane / bytesPerSample);
    const byte = bytesPerSample - 1 - (plane % bytesPerSample);
    unpack(encoded.subarray(start, end), out, sample * bytesPerSample + byte, planes, pixels);
  }
  return out;
}

/** PackBits of one plane into every `step`th byte. */
function unpack(segment: Uint8Array, out: Uint8Array, first: number, step: number, count: number): void {
  let written = 0;
  let position = 0;
  while (written < count && position < segment.length) {
    const head = segment[position++] ?? 0;
    if (head === 128) continue;
    const run = head < 128 ? head + 1 : 257 - head;
    const length = Math.min(run, count - written);
    for (let index = 0; index < length; index++) {
      out[first + written++ * step] = segment[head < 128 ? position + index : position] ?? 0;
    }
    position += head < 128 ? run : 1;
  }
  if (written < count) throw new PixelDataError('The RLE frame ends before the image is full.');
}
