import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { courses, plannedExams, writeBrainPatient } from '../../phantoms/brain/patient.ts';
import type { RunView } from '../../schemas/api.ts';
import { type Site, startSite } from '../site.ts';
import { type BenchExam, examsOnTrend, load, onlyRuns, sendAtOnce } from './segmentation.ts';
import { withoutScope } from './without-scope.ts';

const PIPELINE = 'brain-tumor-segmentation';
const PATIENTS = 10;
const EXAMS = 65;
/** The whole head, as coarse as the model sees it anyway. */
const GRID = { size: [112, 112, 72], spacing: [2, 2, 2.4] } as const;
/** So many senders at once leave long gaps between the images of each; a site waits 15 minutes. */
const QUIET_MS = 60_000;
const PATIENCE_MS = 7_200_000;

/**
 * The exams of a cohort, all sent at once: every one succeeds, none runs twice, every trend is complete. The model does not
 * get to refuse any, since not it is measured.
 */
export async function benchCohort(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-bench-cohort-'));
  try {
    const patients: BenchExam[][] = [];
    for (let patient = 0; patient < PATIENTS; patient++) {
      // 65 among 10: half of the patients have one more.
      const count = Math.ceil((EXAMS - patient) / PATIENTS);
      patients.push(await examsOf(path.join(folder, String(patient)), patient, count));
    }
    const site = await startSite({
      OVERREAD_QUIET_SECONDS: String(QUIET_MS / 1000),
      ...withoutScope(folder, PIPELINE, 'brain-lesion'),
    });
    try {
      const exams = patients.flat();
      const sent = await sendAtOnce(site, 'CI2_CD_BTS', exams, PATIENCE_MS);
      await requireOnce(site, exams);
      const trends = await trendsOf(site, patients);
      print(`\n${exams.length} brain exams of ${GRID.size.join(' × ')} of ${PATIENTS} patients at once, ${load()}`);
      print(`all succeeded, one run and one result each; ${trends} trends hold every exam of their patient`);
      const perExam = sent.totalMs / 1000 / exams.length;
      print(
        `${(sent.totalMs / 1000).toFixed(0)} s from the first byte to the last result, ${perExam.toFixed(1)} s an exam`,
      );
    } finally {
      await site.remove();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function examsOf(folder: string, patient: number, count: number): Promise<BenchExam[]> {
  const seed = `bench/cohort/${patient}`;
  const exams = plannedExams(seed, courses[patient % courses.length] ?? 'stays', count);
  const written = await writeBrainPatient(folder, {
    seed,
    patient: patient + 1,
    exams,
    contrasts: ['FLAIR'],
    grid: GRID,
  });
  return written.map(({ studyInstanceUid, series }) => ({
    studyInstanceUid,
    files: series.flatMap(({ files }) => files),
  }));
}

/** Asked again when all has ended, since a run for another exam's sake might have come later. @throws {Error} */
async function requireOnce(site: Site, exams: readonly BenchExam[]): Promise<void> {
  const runs: RunView[][] = [];
  for (const { studyInstanceUid } of exams) runs.push(await site.runs(studyInstanceUid));
  const results = onlyRuns({ transferMs: 0, totalMs: 0, runs }).map(({ id, result }) => {
    if (result?.kind !== 'segmentation') throw new Error(`Run ${id} has no result.`);
    return Object.values(result.objects);
  });
  const keys = results.flat();
  const store = site.openStore();
  const stored: string[] = [];
  for await (const { key } of store.list('results', `${PIPELINE}/`)) stored.push(key);
  await store.close();
  const objects = stored.filter((key) => /\.(seg|rtstruct|report|capture)\.dcm$/.test(key));
  const published = keys.filter((key) => key.endsWith('.dcm'));
  if (new Set(keys).size !== keys.length || objects.length !== published.length) {
    throw new Error(`There must be ${published.length} objects, each its own; there are ${objects.length}.`);
  }
}

/** @returns how many trends there are @throws {Error} one of them lacks an exam */
async function trendsOf(site: Site, patients: readonly (readonly BenchExam[])[]): Promise<number> {
  for (const exams of patients) {
    const [run] = await site.runs(exams[0]?.studyInstanceUid ?? '');
    const found = run === undefined ? 0 : await examsOnTrend(site, run);
    if (found !== exams.length) throw new Error(`A trend must hold ${exams.length} exams; it holds ${found}.`);
  }
  return patients.length;
}
