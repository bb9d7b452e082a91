import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMPORT_PIPELINE } from '../../lib/runs/import.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { EvaluationReport } from '../../schemas/report.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { askingAbout, projectRuns, runId, segmentationOf } from '../testing/reads.ts';
import { makeWorld, type World } from '../testing/world.ts';

const PIPELINE = 'liver-transplant-segmentation';
const EVALUATION = Evaluation.parse({
  name: 'livers',
  version: '1.0.0',
  title: 'Livers',
  pipeline: PIPELINE,
  questions: [{ name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' }],
});
const STUDY = '1.2.840.77';
const at = (minutes: number) => new Date(Date.UTC(2026, 0, 31, 8, minutes));

let postgres: TestPostgres;
let world: World;
let lines: string[];
let report: EvaluationReport;

type Imported = NonNullable<SegmentationResult['imported']>;

/** A run on what a person made; an edit has changed 0.9 of what it began at. */
function made(name: string, minutes: number, leftMl: number, by: Pick<Imported, 'author' | 'source'>, edits?: string) {
  const stated = { ...by, pipeline: PIPELINE, tool: 'OHIF', minutes: 4, at: at(minutes).toISOString() };
  const change = { name: 'left-lobe', title: 'Left lobe', dice: 0.9, surfaceDistance95Mm: 2 };
  const result: SegmentationResult = {
    ...segmentationOf(name, STUDY, { 'left-lobe': leftMl }),
    imported: edits === undefined ? stated : { ...stated, edits: runId(edits) },
    ...(edits === undefined ? {} : { changes: [{ ...change, originalMl: 1, volumeMl: 1, changedVoxels: 1 }] }),
  };
  return { name, study: STUDY, pipeline: IMPORT_PIPELINE, createdAt: at(minutes), result };
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  const model = (name: string, minutes: number, leftMl: number) => {
    const result = segmentationOf(name, STUDY, { 'left-lobe': leftMl, 'right-lobe': 900 });
    return { name, study: STUDY, pipeline: PIPELINE, createdAt: at(minutes), result };
  };
  const edit = (author: string) => ({ author, source: 'edited' });
  await projectRuns(world, [
    model('older', 0, 400),
    { ...model('model', 5, 500), amends: 'older' },
    made('of-older', 1, 410, edit('ann'), 'older'),
    made('first', 10, 510, edit('ann'), 'model'),
    made('second', 11, 530, edit('ann'), 'first'),
    made('by-bob', 12, 490, edit('bob'), 'model'),
    made('expert', 2, 520, { author: 'ella', source: 'expert' }),
    made('of-expert', 20, 999, edit('cleo'), 'expert'),
  ]);
  const ask = askingAbout(world, [EVALUATION]);
  const text = await (await ask('/evaluations/livers/volumes.csv')).text();
  lines = text.trimEnd().split('\r\n').slice(1);
  report = EvaluationReport.parse(await (await ask('/api/v1/evaluations/livers/report')).json());
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

describe('volumes of people', () => {
  it('stand beside the run that counts: the newest of each person, whichever edit it began at', () => {
    const shown = lines.map((line) => line.split(',').slice(6));
    expect(
      shown.map(([structure, , modelMl, run, source, author, , ml, dice]) => [
        structure,
        modelMl,
        run,
        source,
        author,
        ml,
        dice,
      ]),
    ).toEqual([
      // What ann changed the second time, she changed in her own.
      ['left-lobe', '500', runId('second'), 'edited', 'ann', '530', ''],
      ['left-lobe', '500', runId('by-bob'), 'edited', 'bob', '490', '0.9'],
      ['left-lobe', '500', runId('expert'), 'expert', 'ella', '520', ''],
    ]);
  });

  it('are compared by structure and source', () => {
    expect(report.volumes.map(({ structure, source, pairs, exams }) => [structure, source, pairs, exams])).toEqual([
      ['left-lobe', 'edited', 2, 1],
      ['left-lobe', 'expert', 1, 1],
    ]);
    expect(report.volumes[0]?.blandAltman).toEqual({ because: 'all pairs are of one patient' });
    expect(report.volumes[1]?.blandAltman).toEqual({ because: 'there is but one pair' });
    expect(report.volumes[0]?.dice).toMatchObject({ count: 1, median: 0.9 });
  });
});
