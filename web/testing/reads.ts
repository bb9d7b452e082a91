import { createHash, randomUUID } from 'node:crypto';
import type { RunView } from '../../schemas/api.ts';
import { feedback, run } from '../../schemas/database/web.ts';
import type { Evaluation, FeedbackAnswer, ReviewTime, Stage } from '../../schemas/evaluation.ts';
import type { Result, SegmentationResult } from '../../schemas/result.ts';
import { createApp } from '../app.ts';
import { hip } from './results.ts';
import { API_TOKEN, type World } from './world.ts';

/** A run as the projection has it, without anything in the store: many of them are made in no time. */
export interface ProjectedRun {
  readonly name: string;
  readonly study: string;
  readonly pipeline: string;
  readonly status?: RunView['status'];
  readonly reason?: string;
  readonly createdAt: Date;
  readonly finishedAt?: Date;
  readonly amends?: string;
  readonly replayOf?: string;
  readonly result?: Result;
}

/** An id of a run that is the same in every test. */
export const runId = (name: string) => createHash('sha256').update(name).digest('hex');

const MODELS = [{ name: 'hip-fracture', version: '1.0.0', sha256: 'a'.repeat(64) }];

/** Puts runs into the projection. */
export async function projectRuns({ database }: Pick<World, 'database'>, runs: readonly ProjectedRun[]): Promise<void> {
  const rows = runs.map((made) => {
    const { name, study, pipeline, status = 'succeeded', createdAt, finishedAt = createdAt, result } = made;
    const id = runId(name);
    const amends = made.amends === undefined ? null : runId(made.amends);
    const view: RunView = {
      id,
      pipeline,
      pipelineVersion: '1.0.0',
      studyInstanceUid: study,
      status,
      reason: made.reason ?? null,
      createdAt: createdAt.toISOString(),
      finishedAt: status === 'queued' || status === 'running' ? null : finishedAt.toISOString(),
      amends,
      replayOf: made.replayOf === undefined ? null : runId(made.replayOf),
      triggers: [],
      models: MODELS,
      steps: [],
      result: result ?? null,
    };
    return { id, pipeline, studyInstanceUid: study, status, createdAt, amends, view };
  });
  for (let from = 0; from < rows.length; from += 500) {
    await database.db.insert(run).values(rows.slice(from, from + 500));
  }
}

/** A detection with these classes of the patient's hips; a side that is left out was not found. */
export function detectionOf(name: string, study: string, sides: Readonly<{ right?: string; left?: string }>): Result {
  const found = (['right', 'left'] as const).flatMap((side) => {
    const given = sides[side];
    return given === undefined ? [] : [{ side, class: given }];
  });
  return {
    run: runId(name),
    pipeline: 'hip-fracture-detection',
    pipelineVersion: '1.0.0',
    studyInstanceUid: study,
    models: MODELS,
    publishedAt: '2026-01-31T08:15:00.000Z',
    kind: 'detection',
    objects: {},
    images: [
      {
        sopInstanceUid: `${study}.1`,
        seriesInstanceUid: `${study}.2`,
        rows: 100,
        columns: 100,
        lossy: false,
        scope: 1,
        hips: found.map((one) => hip(one)),
        notes: [],
        preview: { png: 'p', gray16: 'g', rows: 10, columns: 10 },
      },
    ],
    summary: {
      rule: 'The highest score counts.',
      sides: found.map((one) => ({ ...one, confidence: 0.9, disagreement: false, images: 1 })),
      qualityReview: [],
    },
  };
}

/** A segmentation with these volumes in mL. */
export function segmentationOf(name: string, study: string, volumes: Readonly<Record<string, number>>) {
  return {
    run: runId(name),
    pipeline: 'liver-transplant-segmentation',
    pipelineVersion: '1.0.0',
    studyInstanceUid: study,
    models: [],
    publishedAt: '2026-01-31T08:15:00.000Z',
    kind: 'segmentation',
    seriesInstanceUid: `${study}.1`,
    frameOfReferenceUid: null,
    studyDate: null,
    objects: {},
    previews: [],
    notes: [],
    structures: Object.entries(volumes).map(([structure, volumeMl]) => {
      return { name: structure, title: structure, volumeMl, voxels: 1000, complete: true };
    }),
  } satisfies SegmentationResult;
}

/** Answers that were sent. */
export interface SentEntry {
  readonly run: string;
  readonly evaluation: Evaluation;
  readonly stage: Stage;
  readonly author: string;
  readonly version?: number;
  readonly evaluationVersion?: string;
  readonly agreedWithAll?: boolean;
  readonly createdAt: Date;
  readonly answers: readonly FeedbackAnswer[];
  /** How long before the author opened the form; half of it is work. Left out: a program sent it. */
  readonly openedMinutesBefore?: number;
}

/** Puts answers where the form would, without its checks. @returns their ids */
export async function sendEntries(
  { database }: Pick<World, 'database'>,
  entries: readonly SentEntry[],
): Promise<string[]> {
  const rows = entries.map((entry) => ({
    id: randomUUID(),
    run: runId(entry.run),
    evaluation: entry.evaluation.name,
    evaluationVersion: entry.evaluationVersion ?? entry.evaluation.version,
    stage: entry.stage,
    author: entry.author,
    version: entry.version ?? 1,
    reason: (entry.version ?? 1) === 1 ? null : 'looked again',
    answers: [...entry.answers],
    agreedWithAll: entry.agreedWithAll ?? false,
    reviewTime: reviewTimeOf(entry),
    createdAt: entry.createdAt,
  }));
  for (let from = 0; from < rows.length; from += 500) {
    await database.db.insert(feedback).values(rows.slice(from, from + 500));
  }
  return rows.map(({ id }) => id);
}

function reviewTimeOf({ openedMinutesBefore: minutes, createdAt }: SentEntry): ReviewTime | null {
  if (minutes === undefined) return null;
  const opened = new Date(createdAt.getTime() - minutes * 60_000).toISOString();
  return { openedAt: opened, firstActionAt: null, activeSeconds: minutes * 30, idleSeconds: minutes * 30 };
}

/** The API of a world with other evaluations than the usual ones, as administrator. */
export function askingAbout(world: World, evaluations: readonly Evaluation[]) {
  const app = createApp({ ...world.parts, evaluations: new Map(evaluations.map((one) => [one.pipeline, one])) });
  const headers = { authorization: `Bearer ${API_TOKEN}` };
  return async (path: string): Promise<Response> => app.request(`http://127.0.0.1:8000${path}`, { headers });
}

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
