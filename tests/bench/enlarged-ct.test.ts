import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { gridOf } from '../../phantoms/volume.ts';
import { writeEnlargedCt } from './enlarged-ct.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'overread-enlarged-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is the abdomen of its seed, on the finer grid, with every slice another one', async () => {
  const ct = { seed: 'enlarged', patient: 1, size: [64, 48, 8], spacing: [5, 5, 4] } as const;
  const { files } = await writeEnlargedCt(folder, ct);
  expect(files).toHaveLength(8);
  const { affine } = gridOf(ct);
  const pixels = files.map((file, k) => {
    const { dataset } = readPart10(readFileSync(file));
    expect(dataset.numbers('PixelSpacing')).toEqual([5, 5]);
    expect(dataset.numbers('ImagePositionPatient')).toEqual([affine[3], affine[7], (affine[11] ?? 0) + 4 * k]);
    return readFileSync(file).subarray(-2 * 64 * 48);
  });
  expect(new Set(pixels.map((bytes) => bytes.toString('latin1'))).size).toBe(8);
  // Air in the corner, and soft tissue of the body in the middle of the picture.
  const middle = Buffer.from(pixels[4] ?? []);
  expect(middle.readInt16LE(0)).toBeLessThan(-900);
  expect(middle.readInt16LE(2 * (24 * 64 + 32))).toBeGreaterThan(-200);
});
