/** What blinded readers are given, read by other people's programs: valid, and every voxel as its source has it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blindedCopy } from '../../schemas/database/web.ts';
import { copyObject } from '../../web/blinded/make.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../../web/testing/pipelines.ts';
import { makeWorld, type World } from '../../web/testing/world.ts';
import { makeBlindedExam } from '../blinded-exam.ts';
import { debianPackages } from '../peers/debian.ts';
import { dicomReaders } from '../peers/dicom-readers.ts';
import { describeWith } from '../peers/skip.ts';
import { startTestPostgres, type TestPostgres } from '../postgres.ts';

const run = promisify(execFile);

/** Compares two segmentations by highdicom, segment by segment by their labels; prints how many voxels each has. */
const COMPARE = `
import sys
import highdicom
import numpy

def masks(path):
    seg = highdicom.seg.segread(path)
    images = seg.get_source_image_uids()
    uids = [instance for _, _, instance in images]
    numbers = {seg.get_segment_description(n).SegmentLabel: n for n in seg.segment_numbers}
    return {
        label: seg.get_pixels_by_source_instance(
            source_sop_instance_uids=sorted(set(uids)), segment_numbers=[n], assert_missing_frames_are_empty=True,
            ignore_spatial_locations=True)
        for label, n in numbers.items()
    }

first, second = masks(sys.argv[1]), masks(sys.argv[2])
assert sorted(first) == sorted(second), (sorted(first), sorted(second))
for label, mask in first.items():
    assert numpy.array_equal(mask, second[label]), label
    print(label, int(mask.sum()))
`;

let folder = '';
let postgres: TestPostgres;
let world: World;
/** Paths of the copy and of its source, by source. */
const pairs = new Map<string, { readonly copy: string; readonly source: string }>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-blinded-'));
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [LIVER_EVALUATION, BLINDED_EVALUATION]);
  const exam = await makeBlindedExam(world, { seed: 'blinded conformance' });
  await world.parts.copies.makeDue(world.parts.now());
  for (const row of await world.database.db.select().from(blindedCopy)) {
    const { bucket, key } = copyObject(row);
    const at = (kind: string) => path.join(folder, `${row.source}-${kind}.dcm`);
    writeFileSync(at('copy'), await world.store.get(bucket, key));
    writeFileSync(at('source'), exam.segmentations.get(row.source) ?? Buffer.alloc(0));
    pairs.set(row.source, { copy: at('copy'), source: at('source') });
  }
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const debian = await debianPackages();
const python = await dicomReaders();

describeWith('dciodvfy', debian.has('dicom3tools') || undefined, 'no dciodvfy (Debian package dicom3tools)', () => {
  it('finds no error in any copy for a blinded reader', async () => {
    expect(pairs.size).toBe(3);
    for (const { copy } of pairs.values()) {
      // It ends with 1 where it finds an error.
      const { stderr } = await run('dciodvfy', [copy]).catch((error: { stderr: string }) => error);
      expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
    }
  });
});

describeWith('highdicom', python, 'no Python, or its packages cannot be had', (interpreter) => {
  it('finds in each copy the voxels of its source, and in no two copies the same', async () => {
    const counts: string[] = [];
    for (const { copy, source } of pairs.values()) {
      const { stdout } = await run(interpreter, ['-c', COMPARE, copy, source]);
      expect(stdout.trim().split('\n')).toHaveLength(3);
      counts.push(stdout);
    }
    expect(new Set(counts).size).toBe(3);
  });
});
