import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sendFiles } from '../../lib/dicom/send.ts';
import { type Configuration, readConfiguration } from '../../lib/platform/configuration.ts';
import { type DemoStudy, demoStudies } from '../../phantoms/demo.ts';
import { connectApi, type ShownRun } from '../api.ts';
import { CommandError, EXIT } from '../exit.ts';
import { describeResult, table } from '../table.ts';
import { DEMO_FOLDER } from '../up/running.ts';
import { aborted, stopSignal } from '../up/signal.ts';
import { type Running, startOverread } from '../up/up.ts';

/** Phantoms arrive whole within a moment: no need to wait a hospital's quiet period. */
const QUIET_SECONDS = '2';
const SEED = 1;
/** How long the runs may take before the demo says that something is wrong, ms. */
const RUNS_LIMIT_MS = 180_000;
const POLL_MS = 250;

/** Whom a newcomer can be besides the administrator: who judges images, and reads them before the model is shown. */
const READER = { name: 'reader', roles: ['quality-reviewer', 'reader'] } as const;

/**
 * Starts Overread on an empty data folder, sends phantom studies for every pipeline by C-STORE, shows the results and who
 * can sign in, and goes on serving; with `once` it stops instead.
 *
 * @throws {CommandError} (1) a run did not succeed, with `once`
 */
export async function demo(options: { readonly once: boolean }): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), DEMO_FOLDER));
  // As root, PostgreSQL's own account must pass through, or its data would lie elsewhere and be left there.
  chmodSync(folder, 0o711);
  const signal = stopSignal();
  // Into our own environment, since the parts inherit it.
  process.env.OVERREAD_DATA = path.join(folder, 'data');
  process.env.OVERREAD_QUIET_SECONDS ||= QUIET_SECONDS;
  process.env.OVERREAD_ADMIN_PASSWORD ||= madeUpPassword();
  const configuration = readConfiguration(process.env);
  try {
    const running = await startOverread(configuration, console.log, signal);
    if (running === undefined) return;
    try {
      await showDemo(configuration, running, { folder, signal, ...options });
    } finally {
      await running.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function showDemo(
  configuration: Configuration,
  running: Running,
  { folder, signal, once }: { folder: string; signal: AbortSignal; once: boolean },
): Promise<void> {
  console.log(`Overread is ready: ${running.web}`);
  const reader = { ...READER, password: madeUpPassword() };
  await connectApi(running).makeAccount(reader);
  console.log('Making phantom studies …');
  const studies = await demoStudies(path.join(folder, 'phantoms'), { seed: SEED });
  for (const study of studies) await sendStudy(configuration, study);
  const runs = await untilEnded(running, studies, signal);
  if (signal.aborted) return;
  console.log();
  console.log(
    table(
      ['phantom', 'pipeline', 'status', 'result', 'page'],
      runs.map(({ study, run }) => [
        study.description,
        run.pipeline,
        run.status,
        describeResult(run),
        `${running.web}/runs/${run.id}`,
      ]),
    ),
  );
  if (once) {
    const bad = runs.filter(({ run }) => run.status !== 'succeeded').length;
    if (bad > 0) throw new CommandError(EXIT.failed, `${bad} of ${runs.length} runs did not succeed.`);
    return;
  }
  console.log(`\nSign in at ${running.web} as one of these two, who are gone with the demo:\n`);
  console.log(
    table(
      ['name', 'password', 'sees'],
      [
        [
          reader.name,
          reader.password,
          'under "To read" what is asked: first the quality of the hip images, then a read, then the model',
        ],
        [
          'admin',
          configuration.adminPassword ?? '',
          'every result at once, the report of each evaluation, accounts, audit',
        ],
      ],
    ),
  );
  console.log('\nServing until Ctrl-C.');
  await aborted(signal);
}

/** For the few minutes of a demo: 16 characters, 64 bits. */
function madeUpPassword(): string {
  return randomBytes(8).toString('hex');
}

async function sendStudy(configuration: Configuration, study: DemoStudy): Promise<void> {
  const target = { ...configuration.dicom, calledAETitle: study.calledAETitle, callingAETitle: 'PHANTOM' };
  const { sent, failed } = await sendFiles(target, study.files);
  const [first] = failed;
  if (first !== undefined) throw new CommandError(EXIT.failed, `A phantom was not taken: ${first.reason}`);
  console.log(`Sent to ${study.calledAETitle}: ${study.description} (${sent === 1 ? 'one image' : `${sent} images`})`);
}

interface EndedRun {
  readonly study: DemoStudy;
  readonly run: ShownRun;
}

/** Waits for the run of every study, saying what each is doing whenever that changes. */
async function untilEnded(running: Running, studies: readonly DemoStudy[], signal: AbortSignal): Promise<EndedRun[]> {
  const api = connectApi(running);
  const said = new Map<string, string>();
  const deadline = Date.now() + RUNS_LIMIT_MS;
  for (;;) {
    const found = await Promise.all(studies.map(async (study) => ({ study, run: (await api.runs(study))[0] })));
    for (const { study, run } of found) {
      const state = run?.status ?? 'received, waiting for the quiet period';
      if (said.get(study.studyInstanceUid) === state) continue;
      said.set(study.studyInstanceUid, state);
      console.log(`${study.description}: ${state}`);
    }
    const ended = found.flatMap(({ study, run }) =>
      run !== undefined && run.finishedAt !== null ? [{ study, run }] : [],
    );
    if (ended.length === studies.length || signal.aborted) return ended;
    if (Date.now() > deadline)
      throw new CommandError(EXIT.failed, 'The runs have not ended in time: see the log files.');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
