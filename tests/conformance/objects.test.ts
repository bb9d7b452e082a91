/** What we write, read by other people's programs: valid, voxel-identical, and in the right place. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { debianPackages } from '../peers/debian.ts';
import { dicomReaders } from '../peers/dicom-readers.ts';
import { describeWith } from '../peers/skip.ts';
import { type Case, writeCases } from './objects/cases.ts';

const run = promisify(execFile);
const PEERS = path.join(import.meta.dirname, 'objects/peers.py');
/** For a machine that others are busy on too. */
const LIMIT_MS = 600_000;
const TOLERANCE_MM = 1e-3;
/** Least overlap of a structure from 5 mL up, as plastimatch fills our contours. */
const LEAST_DICE = 0.98;

const Judged = z.array(
  z.object({
    case: z.string(),
    segment: z.string(),
    expected: z.int(),
    expectedMl: z.number(),
    found: z.int(),
    wrong: z.int(),
    distanceMm: z.number(),
    farthest: z.int(),
  }),
);

vi.setConfig({ testTimeout: LIMIT_MS });

let folder = '';
let cases: Case[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'overread-objects-'));
  cases = await writeCases(folder);
}, LIMIT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function judge(python: string, reader: string, of: readonly Case[]): Promise<z.infer<typeof Judged>> {
  const { stdout } = await run(python, [PEERS, reader, ...of.map((one) => one.folder)], { maxBuffer: 1 << 26 });
  return Judged.parse(JSON.parse(stdout));
}

const debian = await debianPackages();
const python = await dicomReaders();

describeWith('dciodvfy', debian.has('dicom3tools') || undefined, 'no dciodvfy (Debian package dicom3tools)', () => {
  it.each(['seg', 'rtstruct', 'report', 'capture'])('finds no error in any %s', async (kind) => {
    const objects = cases.flatMap((one) => one.objects.filter((object) => path.basename(object) === `${kind}.dcm`));
    expect(objects.length).toBeGreaterThanOrEqual(28);
    for (const object of objects) expect(await errorsOf(object), object).toEqual([]);
  });
});

describeWith('readers of DICOM in Python', python, 'no Python, or its packages cannot be had', (interpreter) => {
  it.each(['pydicom', 'highdicom', 'dcmqi'])('%s reads every segment voxel by voxel, in its place', async (reader) => {
    const judged = await judge(interpreter, reader, cases);
    expect(new Set(judged.map((one) => one.case)).size).toBe(cases.length);
    for (const one of judged) {
      expect(one, `${one.case}, ${one.segment}`).toMatchObject({ found: one.expected, wrong: 0 });
      expect(one.distanceMm, `${one.case}, ${one.segment}`).toBeLessThan(TOLERANCE_MM);
    }
  });
});

const plastimatch = debian.has('plastimatch') ? python : undefined;
describeWith('plastimatch', plastimatch, 'no plastimatch, or no Python with numpy', (interpreter) => {
  it('fills the contours to the mask that they were made of', async () => {
    // It fails on a single image without any contour.
    const drawn = cases.filter(({ name, objects }) => objects.length > 1 && name !== 'one slice, nothing at all');
    const judged = await judge(interpreter, 'plastimatch', drawn);
    for (const { expected, expectedMl, found, wrong, farthest, ...one } of judged) {
      const dice = expected + wrong === 0 ? 1 : (2 * found) / (expected + found + wrong);
      expect(farthest, `${one.case}, ${one.segment}`).toBeLessThanOrEqual(1);
      if (expectedMl >= 5) expect(dice, `${one.case}, ${one.segment}`).toBeGreaterThanOrEqual(LEAST_DICE);
    }
    expect(judged.filter(({ expectedMl }) => expectedMl >= 5).length).toBeGreaterThan(2);
  });
});

async function errorsOf(object: string): Promise<string[]> {
  // It ends with 1 where it finds an error.
  const { stderr } = await run('dciodvfy', [object]).catch((error: { stderr: string }) => error);
  return stderr.split('\n').filter((line) => line.startsWith('Error'));
}
