import { Readable } from 'node:stream';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fileMetaBytes } from '../../lib/dicom/part10.ts';
import { DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN } from '../../lib/dicom/transfer-syntax.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { readHead } from './head.ts';

const CHUNK = 1 << 14;

/** A store with one object, which tells how many of its chunks were read. */
function holding(bytes: Buffer) {
  const told = { chunks: 0 };
  function* chunks() {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      told.chunks += 1;
      yield bytes.subarray(at, at + CHUNK);
    }
  }
  return { told, store: { stream: async () => Readable.from(chunks()) } };
}

const image = (comment: string) =>
  writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    SOPInstanceUID: '1.2.3',
    ImageComments: 'x',
    TextValue: comment,
    Rows: 1000,
    PixelData: new Uint8Array(1 << 21),
  });
const object = { bucket: 'dicom', key: 'a' } as const;

describe('readHead', () => {
  it('stops where the pixels begin', async () => {
    const { store, told } = holding(image('short'));
    const { dataset } = await readHead(store, object);
    expect(dataset.number('Rows')).toBe(1000);
    expect(dataset.has('PixelData')).toBe(true);
    expect(told.chunks).toBeLessThan(10);
  });

  it('goes on where what stands before them is long', async () => {
    const { store, told } = holding(image('y'.repeat(300_000)));
    const { dataset } = await readHead(store, object);
    expect(dataset.text('TextValue')).toHaveLength(300_000);
    expect(dataset.has('PixelData')).toBe(true);
    expect(told.chunks).toBeLessThan(70);
  });

  it('reads a file without pixels to its end, and a deflated one', async () => {
    const report = writePart10({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33', SOPInstanceUID: '1.2.3', StudyID: '7' });
    expect((await readHead(holding(report).store, object)).dataset.text('StudyID')).toBe('7');
    const body = image('deflated').subarray(fileMetaBytes(META).length);
    const deflated = Buffer.concat([
      fileMetaBytes({ ...META, TransferSyntaxUID: DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN }),
      deflateRawSync(body),
    ]);
    expect((await readHead(holding(deflated).store, object)).dataset.number('Rows')).toBe(1000);
  });
});

const META = {
  MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  MediaStorageSOPInstanceUID: '1.2.3',
  TransferSyntaxUID: '1.2.840.10008.1.2.1',
};
