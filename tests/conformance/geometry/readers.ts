/** Other people's readers of series: what they make of the same files. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readNifti } from '../../../lib/imaging/nifti.ts';
import { gridOf, type Volume3D } from '../../../lib/imaging/volume.ts';

const run = promisify(execFile);
const SCRIPT = path.join(import.meta.dirname, 'simpleitk.py');

const Geometry = z.object({
  size: z.tuple([z.int(), z.int(), z.int()]),
  spacing: z.tuple([z.number(), z.number(), z.number()]),
  origin: z.tuple([z.number(), z.number(), z.number()]),
  direction: z.array(z.number()).length(9),
});

/** The volumes that dcm2niix makes of files; Philips' values as the scanner shows them (RescaleSlope), as DICOM says. */
export async function readWithDcm2niix(files: readonly Uint8Array[]): Promise<Volume3D[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-dcm2niix-'));
  try {
    const [from, to] = [path.join(folder, 'in'), path.join(folder, 'out')];
    await Promise.all([writeAll(from, files), mkdir(to)]);
    await run('dcm2niix', ['-z', 'n', '-b', 'n', '-p', 'n', '-f', '%s', '-o', to, from], { maxBuffer: 1 << 26 });
    const names = (await readdir(to)).filter((name) => name.endsWith('.nii')).sort();
    return await Promise.all(names.map(async (name) => readNifti(await readFile(path.join(to, name)))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The volumes that SimpleITK makes of series, each in order of its positions; `undefined` for what it does not read. */
export async function readWithSimpleItk(
  python: string,
  series: readonly (readonly Uint8Array[])[],
): Promise<(Volume3D | undefined)[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-simpleitk-'));
  try {
    const jobs = await Promise.all(
      series.map(async (files, index) => {
        const own = path.join(folder, String(index));
        const names = await writeAll(own, files);
        return { files: names, geometry: path.join(own, 'geometry.json'), voxels: path.join(own, 'voxels.nii') };
      }),
    );
    const list = path.join(folder, 'jobs.json');
    await writeFile(list, JSON.stringify(jobs));
    await run(python, [SCRIPT, list], { maxBuffer: 1 << 26 });
    return await Promise.all(jobs.map((job) => (existsSync(job.geometry) ? readBack(job) : undefined)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readBack({ geometry, voxels }: { geometry: string; voxels: string }): Promise<Volume3D> {
  const { size, spacing, origin, direction: d } = Geometry.parse(JSON.parse(await readFile(geometry, 'utf8')));
  const column = (at: number) => [d[at] ?? 0, d[at + 3] ?? 0, d[at + 6] ?? 0] as const;
  const grid = gridOf(size, spacing, origin, [column(0), column(1), column(2)]);
  return { grid, values: readNifti(await readFile(voxels)).values };
}

async function writeAll(folder: string, files: readonly Uint8Array[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const names = files.map((_, index) => path.join(folder, `${String(index).padStart(5, '0')}.dcm`));
  await Promise.all(files.map((bytes, index) => writeFile(names[index] ?? '', bytes)));
  return names;
}
