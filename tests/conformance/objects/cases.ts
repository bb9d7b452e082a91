import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { callWith, measuredExam } from '../../../functions/operator/objects.fixture.ts';
import { reportWriter } from '../../../functions/report-writer/operator.ts';
import { rtstructWriter } from '../../../functions/rtstruct-writer/operator.ts';
import { segWriter } from '../../../functions/seg-writer/operator.ts';
import { ALGORITHM, GRIDS, madeIn, SEGMENTS, seriesOn } from '../../../lib/dicom/made/series.fixture.ts';
import { writeSegmentation } from '../../../lib/dicom/seg/write.ts';
import type { Grid } from '../../../schemas/volume.ts';

/** An exam on the disk with the objects made of it. */
export interface Case {
  readonly name: string;
  readonly folder: string;
  /** Paths of `seg.dcm` and, where the structures share a label map as those of a model do, `rtstruct.dcm`, `report.dcm`, `capture.dcm`. */
  readonly objects: readonly string[];
}

/** What a label map cannot hold is written by the library alone. */
const OVERLAPPING = 'overlapping segments';

/**
 * Every way that slices can lie with every way that segments can lie in them: below `folder` a folder a case, with
 * `images/`, the objects, and for the judges `case.json` and the voxels of each segment as bytes of 0 and 1.
 */
export async function writeCases(folder: string): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [gridName, grid] of Object.entries(GRIDS)) {
    for (const segments of Object.keys(SEGMENTS)) cases.push(await writeCase(folder, gridName, grid, segments));
  }
  return cases;
}

async function writeCase(parent: string, gridName: string, grid: Grid, segments: string): Promise<Case> {
  const name = `${gridName}, ${segments}`;
  const folder = path.join(parent, name.replaceAll(/\W+/g, '-'));
  await mkdir(path.join(folder, 'images'), { recursive: true });
  const { files } = seriesOn(grid, gridName);
  const written = SEGMENTS[segments]?.(grid) ?? [];
  for (const [k, bytes] of files.entries()) {
    await writeFile(path.join(folder, 'images', `${String(k).padStart(4, '0')}.dcm`), bytes);
  }
  for (const [index, { voxels, value }] of written.entries()) {
    const mask = voxels.map((voxel) => (voxel === value ? 1 : 0));
    await writeFile(path.join(folder, `segment-${index + 1}.raw`), mask);
  }
  const labels = written.map(({ label }) => label);
  await writeFile(path.join(folder, 'case.json'), JSON.stringify({ size: grid.size, affine: grid.affine, labels }));
  const objects = segments === OVERLAPPING ? overlapping(gridName, grid) : await objectsOf(gridName, segments);
  const paths = Object.keys(objects).map((object) => path.join(folder, `${object}.dcm`));
  for (const [object, bytes] of Object.entries(objects)) await writeFile(path.join(folder, `${object}.dcm`), bytes);
  return { name, folder, objects: paths };
}

async function objectsOf(gridName: string, segments: string): Promise<Record<string, Buffer>> {
  const exam = measuredExam(gridName, segments);
  const { outputs: seg } = await callWith(segWriter, exam);
  const { outputs: rtstruct } = await callWith(rtstructWriter, exam);
  const { outputs: report } = await callWith(reportWriter, measuredExam(gridName, segments, seg.seg));
  return { ...seg, ...rtstruct, ...report };
}

function overlapping(gridName: string, grid: Grid): Record<string, Buffer> {
  const { exam, references } = seriesOn(grid, gridName);
  const segments = SEGMENTS[OVERLAPPING]?.(grid) ?? [];
  const seg = writeSegmentation({
    exam,
    made: madeIn(gridName, OVERLAPPING),
    algorithm: ALGORITHM,
    grid,
    slices: references,
    sources: references,
    segments,
  });
  return { seg };
}
