import { randomUUID } from 'node:crypto';
import { feedback, trendEntry } from '../../schemas/database/web.ts';
import type { FeedbackAnswer } from '../../schemas/evaluation.ts';
import { BLINDED_EVALUATION, LIVER_PIPELINE } from '../testing/pipelines.ts';
import type { World } from '../testing/world.ts';

let moment = 0;

/** Takes an exam out of the evaluations of its pipeline, or back in. */
export async function withdrawExam(
  { database }: Pick<World, 'database'>,
  studyInstanceUid: string,
  kind: 'withdrawn' | 'restored',
): Promise<void> {
  moment += 1;
  await database.db.insert(trendEntry).values({
    id: randomUUID(),
    pipeline: LIVER_PIPELINE.name,
    studyInstanceUid,
    kind,
    author: 'lea',
    reason: 'a test',
    createdAt: new Date(Date.UTC(2026, 0, 10) + moment * 1000),
  });
}

/** Puts what a reader says of a copy where the form would, without its checks: half of the time at the form was work. */
export async function sendRead(
  { database, parts }: Pick<World, 'database' | 'parts'>,
  read: {
    readonly copy: string;
    readonly author: string;
    readonly minutes: number;
    readonly answers: FeedbackAnswer[];
  },
): Promise<void> {
  const createdAt = parts.now();
  const openedAt = new Date(createdAt.getTime() - read.minutes * 60_000).toISOString();
  await database.db.insert(feedback).values({
    id: randomUUID(),
    run: read.copy,
    evaluation: BLINDED_EVALUATION.name,
    evaluationVersion: BLINDED_EVALUATION.version,
    stage: 'blinded',
    author: read.author,
    version: 1,
    answers: read.answers,
    reviewTime: { openedAt, firstActionAt: null, activeSeconds: read.minutes * 30, idleSeconds: read.minutes * 30 },
    createdAt,
  });
}
