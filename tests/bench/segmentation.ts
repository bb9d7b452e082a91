import { loadavg } from 'node:os';
import { sendFiles, type Target } from '../../lib/dicom/send.ts';
import type { RunView } from '../../schemas/api.ts';
import { TrendState } from '../../schemas/trend.ts';
import type { Site } from '../site.ts';
import { median } from './statistics.ts';

/** An exam on disk. */
export interface BenchExam {
  readonly studyInstanceUid: string;
  readonly files: readonly string[];
}

/** Exams that were sent, and what became of them. */
export interface Sent {
  /** From the first byte to the last answer. */
  readonly transferMs: number;
  /** From the first byte until the last of the runs has ended. */
  readonly totalMs: number;
  /** Of each exam, newest first. */
  readonly runs: readonly (readonly RunView[])[];
}

/** A device waits so long before it sends again, ms. */
const SEND_AGAIN_MS = 2_000;

/** Sends exams at once, an association each, and waits until every one has a run that ended. */
export async function sendAtOnce(
  site: Site,
  calledAETitle: string,
  exams: readonly BenchExam[],
  limitMs: number,
): Promise<Sent> {
  const target = { host: '127.0.0.1', port: site.dicomPort, calledAETitle, callingAETitle: 'BENCH' };
  const begun = performance.now();
  await Promise.all(exams.map(({ files }) => sendUntilTaken(target, files, begun + limitMs)));
  const transferMs = performance.now() - begun;
  const runs: RunView[][] = [];
  // One after the other: whoever waits for the last has waited for all, and the site is asked as little as may be.
  for (const { studyInstanceUid } of exams) runs.push(await site.untilEnded(studyInstanceUid, 1, limitMs));
  return { transferMs, totalMs: performance.now() - begun, runs };
}

/** As devices do: what was refused is sent again. The gateway takes some associations at a time only. */
async function sendUntilTaken(target: Target, files: readonly string[], untilMs: number): Promise<void> {
  for (let left = files; left.length > 0; ) {
    const { failed } = await sendFiles(target, left);
    if (failed.length > 0) await new Promise((resolve) => setTimeout(resolve, SEND_AGAIN_MS));
    if (performance.now() > untilMs) throw new Error(`Not taken: ${JSON.stringify(failed.slice(0, 3))}`);
    left = failed.map(({ file }) => file);
  }
}

/** The only run of each exam. @throws {Error} there are more, or it did not succeed */
export function onlyRuns({ runs }: Sent): RunView[] {
  return runs.map((all) => {
    const [run] = all;
    if (run === undefined || all.length > 1) throw new Error(`There are ${all.length} runs of one exam.`);
    if (run.status !== 'succeeded') throw new Error(`A run did not succeed: ${run.status}, ${run.reason}`);
    return run;
  });
}

/** How many exams the trend of a run's patient holds on the curve of its model. */
export async function examsOnTrend(site: Site, run: RunView): Promise<number> {
  const state = TrendState.parse(await (await site.api(`/runs/${run.id}/trend`)).json());
  const [model] = state.trend.curves.filter(({ maker }) => maker.kind === 'model');
  return model?.points.length ?? 0;
}

/** Lines of a table: each step's stages, median over the runs, and the longest time that it took one of them. */
export function stageTable(runs: readonly RunView[]): string {
  const heads = ['fetch', 'compute', 'store', 'all', 'longest'];
  const lines = (runs[0]?.steps ?? []).map(({ name }) => {
    const steps = runs.flatMap(({ steps }) => steps.filter((step) => step.name === name));
    const of = (pick: (step: RunView['steps'][number]) => number) => steps.map(pick);
    const all = of((step) => Date.parse(step.finishedAt ?? '') - Date.parse(step.startedAt ?? ''));
    const cells = [
      median(of(({ timings }) => timings?.fetchMs ?? Number.NaN)),
      median(of(({ timings }) => timings?.computeMs ?? Number.NaN)),
      median(of(({ timings }) => timings?.storeMs ?? Number.NaN)),
      median(all),
      Math.max(...all),
    ];
    return `${name.padEnd(24)}${cells.map((ms) => seconds(ms).padStart(9)).join('')}`;
  });
  return [`${''.padEnd(24)}${heads.map((head) => head.padStart(9)).join('')}   s`, ...lines].join('\n');
}

/** A time against its limit, and how busy the machine was: of a shared one a figure alone says little. */
export function againstLimit(what: string, ms: number, limitMs: number): string {
  const held = ms <= limitMs ? 'held' : 'NOT held';
  return `${what}: ${seconds(ms)} s; the limit of ${seconds(limitMs)} s is ${held}; ${load()}`;
}

/** The load of the machine, 1, 5 and 15 minutes. */
export function load(): string {
  return `load ${loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
