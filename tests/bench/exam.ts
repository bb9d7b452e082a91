import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sendFiles } from '../../lib/dicom/send.ts';
import { hipRadiograph } from '../../phantoms/hip.ts';
import { writeStudy } from '../../phantoms/study.ts';
import type { RunView } from '../../schemas/api.ts';
import { startMinio } from '../peers/minio.ts';
import { type Site, type SiteEnvironment, startSite } from '../site.ts';
import { SPREAD_HEADING, spread } from './statistics.ts';

const IMAGES = 5;
/** 2 bytes a pixel, about 1600 × 1600: 5 MB an image. */
const LONG_SIDE = 1800;
const QUIET_MS = 1_000;
/** Exams that warm the functions and are not counted. */
const WARM_UP = 2;
const COUNTED = 10;

interface ExamTimes {
  readonly transferMs: number;
  readonly toRunMs: number;
  readonly visibleMs: number;
  readonly totalMs: number;
  readonly run: RunView;
}

/**
 * Times of whole exams, from the first byte sent to the result that the API shows, on each store in turn. What is not
 * model or pixel work (`compute` of each step) counts as the platform's. Whoever waits for the result asks for it when told
 * that something has changed, as an open page does.
 */
export async function benchExam(print: (line: string) => void): Promise<void> {
  await benchOn('fs', {}, print);
  const minio = await startMinio();
  if (minio === undefined) {
    print('MinIO: skipped, it cannot be built here.');
    return;
  }
  try {
    const { endpoint, accessKey, secretKey } = minio;
    await benchOn('MinIO', { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey }, print);
  } finally {
    await minio.stop();
  }
}

async function benchOn(store: string, environment: SiteEnvironment, print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-bench-'));
  const site = await startSite({ ...environment, OVERREAD_QUIET_SECONDS: String(QUIET_MS / 1000) });
  try {
    const images = Array.from({ length: IMAGES }, (_, index) =>
      hipRadiograph(`bench/${index}`, { longSide: LONG_SIDE }),
    );
    const times: ExamTimes[] = [];
    for (let index = 0; index < WARM_UP + COUNTED; index += 1) {
      const exam = { seed: `bench/${index}`, patient: index + 1, name: 'Bench', studyDescription: 'PELVIS', images };
      const written = await writeStudy(path.join(folder, String(index)), exam);
      const measured = await timeExam(site, written);
      if (index >= WARM_UP) times.push(measured);
    }
    report(store, times, print);
  } finally {
    await site.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeExam(site: Site, exam: { studyInstanceUid: string; files: string[] }): Promise<ExamTimes> {
  const target = { host: '127.0.0.1', port: site.dicomPort, calledAETitle: 'CI2_CD_HIP_FRAC', callingAETitle: 'BENCH' };
  const changes = site.changes(exam.studyInstanceUid);
  await changes.next();
  const begun = Date.now();
  const { failed } = await sendFiles(target, exam.files);
  if (failed.length > 0) throw new Error(`Not taken: ${JSON.stringify(failed)}`);
  const sent = Date.now();
  const run = await ended(site, exam.studyInstanceUid, changes);
  const visible = Date.now();
  if (run.status !== 'succeeded') throw new Error(`The exam did not succeed: ${run.reason}`);
  const last = Math.max(...run.steps.map(({ finishedAt }) => Date.parse(finishedAt ?? '')));
  return {
    transferMs: sent - begun,
    toRunMs: Date.parse(run.createdAt) - sent - QUIET_MS,
    visibleMs: visible - last,
    totalMs: visible - sent - QUIET_MS,
    run,
  };
}

/** The run of an exam once it has ended. */
async function ended(site: Site, study: string, changes: AsyncGenerator<void>): Promise<RunView> {
  for await (const _ of changes) {
    const run = (await site.runs(study)).find(({ finishedAt }) => finishedAt !== null);
    if (run !== undefined) return run;
  }
  throw new Error('The exam did not end while the stream of its changes was open.');
}

function report(store: string, exams: readonly ExamTimes[], print: (line: string) => void): void {
  print(`\n${IMAGES} images of 5 MB an exam, store ${store}, ${exams.length} exams after ${WARM_UP} to warm up`);
  print(SPREAD_HEADING);
  print(
    spread(
      'transfer (first byte to last answer)',
      exams.map(({ transferMs }) => transferMs),
    ),
  );
  print(
    spread(
      'last image to run, without the quiet period',
      exams.map(({ toRunMs }) => toRunMs),
    ),
  );
  const steps = exams.map(({ run }) => stepTimes(run));
  for (const [index, { name }] of (steps[0] ?? []).entries()) {
    const of = (pick: (step: StepTimes) => number) => steps.flatMap((exam) => exam.slice(index, index + 1).map(pick));
    print(
      spread(
        `${name}: queue and call`,
        of((step) => step.queueMs),
      ),
    );
    print(
      spread(
        `${name}: fetch`,
        of((step) => step.fetchMs),
      ),
    );
    print(
      spread(
        `${name}: compute`,
        of((step) => step.computeMs),
      ),
    );
    print(
      spread(
        `${name}: store`,
        of((step) => step.storeMs),
      ),
    );
  }
  print(
    spread(
      'last manifest to visible result',
      exams.map(({ visibleMs }) => visibleMs),
    ),
  );
  const all = steps.flat();
  print(
    spread(
      'platform a step (all but compute)',
      all.map((step) => step.wallMs - step.computeMs),
    ),
  );
  print(
    spread(
      'platform a step, without moving its data',
      all.map((step) => step.queueMs),
    ),
  );
  const computed = steps.map((exam) => exam.reduce((sum, { computeMs }) => sum + computeMs, 0));
  print(
    spread(
      'last image to visible result, without quiet',
      exams.map(({ totalMs }) => totalMs),
    ),
  );
  print(spread('of which model and pixel work', computed));
  print(
    spread(
      'of which the platform',
      exams.map(({ totalMs }, index) => totalMs - (computed[index] ?? 0)),
    ),
  );
}

interface StepTimes {
  readonly name: string;
  /** From the end of the step before (or the run's making) to this step's end. */
  readonly wallMs: number;
  readonly fetchMs: number;
  readonly computeMs: number;
  readonly storeMs: number;
  /** What is left of `wallMs`: event, queue, call, manifest. */
  readonly queueMs: number;
}

/** The steps of a chain, each measured from the end of the one before. */
function stepTimes(run: RunView): StepTimes[] {
  let before = Date.parse(run.createdAt);
  return run.steps.map(({ name, finishedAt, timings }) => {
    if (finishedAt === null || timings === null) throw new Error(`Step ${name} has no times.`);
    const wallMs = Date.parse(finishedAt) - before;
    before = Date.parse(finishedAt);
    const { fetchMs, computeMs, storeMs } = timings;
    return { name, wallMs, fetchMs, computeMs, storeMs, queueMs: wallMs - fetchMs - computeMs - storeMs };
  });
}
