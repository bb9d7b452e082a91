import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MalformedDicomError, readPart10 } from './dataset.ts';
import { decodeFrame, decodeFrameOf, PixelDataError } from './pixels.ts';

/** Real files that the project does not hold; the tests say that they were skipped where there are none. Each is decoded. */
const DATA = path.resolve(import.meta.dirname, '../../../shared/data');
const PYDICOM = '12-pydicom-test-files';

/** No decoder reads these two: one claims a codestream of 3.7 billion columns, one has no pixels at its top level. */
const UNREADABLE: Readonly<Record<string, string>> = {
  [`${PYDICOM}/JPEG2000-embedded-sequence-delimiter.dcm`]:
    'The image claims 256 × 1024 pixels, but its compressed frame has',
  [`${PYDICOM}/UN_sequence.dcm`]: 'The file holds no pixel data.',
};
/** Its truth was written plane after plane. */
const PLANAR_TRUTH: ReadonlySet<string> = new Set([`${PYDICOM}/examples_ybr_color.dcm`]);

const read = (name: string): Buffer => readFileSync(path.join(DATA, name));

function truth(): { name: string; photometric: string; bytes: number; sha1: string }[] {
  const lines = read('PIXELS.tsv').toString('utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [name = '', , , , , , , photometric = '', bytes = '0', sha1 = ''] = line.split('\t');
    return { name, photometric, bytes: Number(bytes), sha1 };
  });
}

/** All frames one after the other, padded to the length that the truth has. */
async function decodeAll(name: string, length: number): Promise<{ bytes: Buffer; photometric: string }> {
  const { dataset, meta } = readPart10(read(name));
  const frames: Uint8Array[] = [];
  let photometric = '';
  for (let frame = 0; frame < (dataset.number('NumberOfFrames') ?? 1); frame++) {
    const image = await decodeFrameOf(dataset, meta.TransferSyntaxUID, frame);
    photometric = image.photometricInterpretation;
    const bytes = new Uint8Array(image.pixels.buffer);
    frames.push(PLANAR_TRUTH.has(name) ? planar(bytes) : bytes);
  }
  const bytes = Buffer.concat(frames);
  return { bytes: Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]), photometric };
}

function planar(bytes: Uint8Array): Uint8Array {
  const pixels = bytes.length / 3;
  return bytes.map((_, index) => bytes[(index % pixels) * 3 + Math.floor(index / pixels)] ?? 0);
}

describe.skipIf(!existsSync(DATA))('shared/data', () => {
  it('decodes every compressed file to the pixels that other decoders give', async () => {
    const wrong: string[] = [];
    let right = 0;
    for (const { name, photometric, bytes, sha1 } of truth()) {
      const unreadable = UNREADABLE[name];
      if (unreadable !== undefined) {
        await expect(decodeFrame(read(name)), name).rejects.toThrow(unreadable);
        continue;
      }
      const decoded = await decodeAll(name, bytes);
      const same =
        createHash('sha1').update(decoded.bytes).digest('hex') === sha1 && decoded.photometric === photometric;
      if (same) right++;
      else wrong.push(`${name} ${decoded.photometric}`);
    }
    expect(wrong).toEqual([]);
    expect(right).toBe(96);
  }, 60_000);

  it('gives the adult hip the same pixels from both lossless encodings, and marks the lossy one', async () => {
    const [wavelet, rle, lossy] = await Promise.all(
      ['J2KR', 'RLE', 'JPLY'].map((how) => decodeFrame(read(`08-hip-xray/wg04/RG2_${how}`))),
    );
    expect(wavelet?.pixels).toEqual(rle?.pixels);
    expect([wavelet?.lossy, rle?.lossy, lossy?.lossy]).toEqual([false, false, true]);
  }, 30_000);

  it('survives truncated and damaged files with errors of its own', async () => {
    const files = readdirSync(path.join(DATA, PYDICOM)).filter((file) =>
      /_small|jpeg|JPEG|rle|RLE|SR|plan|dfl/.test(file),
    );
    const random = generator(1);
    let outcomes = 0;
    for (const file of files.filter((name) => name.endsWith('.dcm'))) {
      const whole = read(`${PYDICOM}/${file}`);
      for (const damaged of [whole.subarray(0, Math.floor(random() * whole.length)), flipped(whole, random)]) {
        const error = await decodeFrame(damaged, 0, { timeLimitMs: 3000 }).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        const known = error === undefined || error instanceof PixelDataError || error instanceof MalformedDicomError;
        expect(known, `${file}: ${String(error)}`).toBe(true);
        outcomes++;
      }
    }
    expect(outcomes).toBeGreaterThan(50);
  }, 120_000);
});

/** Numbers from 0 to 1 that are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function flipped(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = 0; count < 6; count++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  return copy;
}
