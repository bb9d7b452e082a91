import { readFileSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { endKey, manifestKey, resultKey, runKey } from '../../lib/runs/keys.ts';
import { readRun } from '../../lib/runs/state.ts';
import type { ObjectStore, ObjectSummary } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import { DetectionResult } from '../../schemas/result.ts';
import { End } from '../../schemas/run.ts';
import type { Exam } from '../exams.ts';
import type { Site } from '../site.ts';

/** Work must go on this soon after a fault, ms: what the product promises. */
export const RECOVERY_MS = 30_000;

/** Longer than the images of one exam take to come on a machine that does much else: else it becomes two versions. */
export const QUIET_SECONDS = '1.5';

/** What the model found; undefined while there is none. */
const resultOf = (run: RunView | undefined) => DetectionResult.safeParse(run?.result).data;

/** Waits until a run on every image of the exam has ended; answers the study's runs, the newest first. */
export async function untilWhole(site: Site, exam: Exam, limitMs = RECOVERY_MS): Promise<RunView[]> {
  const whole = async () => {
    const runs = await site.runs(exam.studyInstanceUid);
    const [newest] = runs;
    const seen = `${newest?.status ?? 'no run'}: ${newest?.reason ?? ''}`;
    expect(newest?.finishedAt ?? null, seen).not.toBeNull();
    expect(resultOf(newest)?.images.length, seen).toBe(exam.files.length);
    return runs;
  };
  return vi.waitFor(whole, { timeout: limitMs, interval: 50 });
}

/**
 * The exam is whole: every image is in the store as it was sent, once, and none in quarantine; each version of the study
 * has one run, which amends the one before, with one manifest a step, one result and one ending; and the newest says
 * what an undisturbed run of the same images says.
 *
 * @param versions how many the study may have: 1, or as many as it has where sending was interrupted for longer than the
 *   quiet period
 */
export async function expectWhole(
  site: Site,
  store: ObjectStore,
  exam: Exam,
  { undisturbed, versions = 1 }: { undisturbed: unknown; versions?: number | 'any' },
): Promise<void> {
  const runs = await site.runs(exam.studyInstanceUid);
  expect(runs.map(({ status, reason }) => `${status} ${reason}`)).toEqual(runs.map(() => 'succeeded null'));
  if (versions !== 'any') expect(runs, 'the study has one run').toHaveLength(versions);
  expect(runs.map(({ amends }) => amends)).toEqual([...runs.slice(1).map(({ id }) => id), null]);
  expect(await runsInStore(store, exam), 'the store has the runs that the API shows').toEqual(
    runs.map(({ id }) => id).sort(),
  );
  for (const run of runs) await expectEndedOnce(store, run);
  expect(contentOf(runs[0], exam), 'the result is that of an undisturbed run').toEqual(undisturbed);

  await expectKept(store, exam);
  const study = await site.study(exam.studyInstanceUid);
  expect(study).toMatchObject({ instances: exam.files.length, quarantined: 0 });
}

/** What a result says, without what only names the exam or the run: alike for all exams of `makeExams`. */
export function contentOf(run: RunView | undefined, exam: Exam): unknown {
  const result = resultOf(run);
  const images = result?.images.map(({ sopInstanceUid, seriesInstanceUid: _, preview: { window }, ...said }) => ({
    image: exam.sopInstanceUids.indexOf(sopInstanceUid),
    ...said,
    window,
  }));
  return { images: images?.sort((a, b) => a.image - b.image), summary: result?.summary };
}

/** Nothing is under way, waiting or given up: everything that was begun has ended. */
export async function expectIdle(site: Site): Promise<void> {
  const status = async () => {
    const answer = await fetch(`http://127.0.0.1:${site.connectorPort}/status`);
    const { activeRuns, deadLetters, queues, notYet }: ConnectorStatus = await answer.json();
    return { activeRuns, deadLetters, calls: queues.filter(({ waiting, active }) => waiting + active > 0), notYet };
  };
  const idle = { activeRuns: 0, deadLetters: [], calls: [], notYet: [] };
  await expect.poll(status, { timeout: RECOVERY_MS }).toEqual(idle);
}

interface ConnectorStatus {
  activeRuns: number;
  deadLetters: unknown[];
  queues: { operator: string; waiting: number; active: number }[];
  notYet: unknown[];
}

async function expectEndedOnce(store: ObjectStore, run: RunView): Promise<void> {
  const keys = (await listed(store, 'runs', `${run.id}/`)).map(({ key }) => key);
  const manifests = keys.filter((key) => key.endsWith('/manifest.json')).sort();
  expect(manifests).toEqual(run.steps.map(({ name }) => manifestKey(run.id, name)).sort());
  const { endedAt } = End.parse(JSON.parse((await store.get('runs', endKey(run.id))).toString('utf8')));
  expect(run.finishedAt, 'the ending that the API shows is the one in the store').toBe(endedAt);
  const results = await listed(store, 'results', resultKey(run.pipeline, run.id));
  expect(results, 'one result').toHaveLength(1);
}

/** Ids of the runs that the store holds on a study. */
async function runsInStore(store: ObjectStore, exam: Exam): Promise<string[]> {
  const ids: string[] = [];
  for await (const prefix of store.listPrefixes('runs', '')) {
    const id = prefix.slice(0, -1);
    if ((await store.stat('runs', runKey(id))) === undefined) continue;
    if ((await readRun(store, id)).study.StudyInstanceUID === exam.studyInstanceUid) ids.push(id);
  }
  return ids.sort();
}

/** Every image lies in the store once, its data set as it was sent. */
async function expectKept(store: ObjectStore, exam: Exam): Promise<void> {
  const objects = await listed(store, 'dicom', `studies/${exam.studyInstanceUid}/`);
  const kept = new Map<string | undefined, Buffer>();
  for (const { key } of objects) {
    const bytes = await store.get('dicom', key);
    kept.set(readPart10(bytes, { untilPixelData: true }).dataset.text('SOPInstanceUID'), dataSetOf(bytes));
  }
  expect(objects, 'no image is kept twice').toHaveLength(exam.files.length);
  for (const [index, file] of exam.files.entries()) {
    const same = kept.get(exam.sopInstanceUids[index])?.equals(dataSetOf(readFileSync(file)));
    expect(same, 'an answered image is kept byte for byte').toBe(true);
  }
}

const dataSetOf = (bytes: Buffer) => bytes.subarray(readPart10(bytes, { untilPixelData: true }).dataSetOffset);

async function listed(store: ObjectStore, bucket: 'runs' | 'results' | 'dicom', prefix: string) {
  const objects: ObjectSummary[] = [];
  for await (const object of store.list(bucket, prefix)) objects.push(object);
  return objects;
}
