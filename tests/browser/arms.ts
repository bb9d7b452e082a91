import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { isNull } from 'drizzle-orm';
import { HOME } from '../../lib/platform/configuration.ts';
import { allocation, assignment } from '../../schemas/database/web.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { loadEvaluations } from '../../web/evaluations/load.ts';
import { sendFeedback } from '../../web/feedback/entries.ts';
import { freshUid } from '../../web/testing/results.ts';
import { type House, openHouse } from './house.ts';

export const ARMS_NAME = 'hip-fracture-detection';

/** The hips' evaluation in two arms, each exam read by one reader. */
function evaluationInArms(): Evaluation {
  const hips = loadEvaluations([path.join(HOME, 'pipelines')]).get(ARMS_NAME);
  const arms = [{ name: 'read-first' }, { name: 'model-first', mode: 'model-shown' }];
  const reading = { ...hips?.reading, qualityReview: undefined, readersPerCase: 1, arms };
  return Evaluation.parse({ ...hips, reading });
}

/** A house with eight exams in two arms, the readers `ann` and `bob` beside its own, and `lea`, who leads. */
export async function openHouseOfArms(): Promise<House> {
  const people = { ann: 'reader', bob: 'reader', lea: 'evaluation-lead' } as const;
  const house = await openHouse({ evaluations: [evaluationInArms()], people });
  for (const study of Array.from({ length: 8 }, freshUid)) {
    house.madePatient(study);
    await house.world.run({ study });
  }
  return house;
}

/** Lets the readers read all that they have been given, as its arm asks. */
export async function readInArms({ world }: House): Promise<void> {
  const rows = await world.database.db.select().from(allocation);
  const given = await world.database.db.select().from(assignment).where(isNull(assignment.releasedAt));
  const runs = await world.api(`/api/v1/runs?pipeline=${ARMS_NAME}&limit=50`).then((answer) => answer.json());
  for (const { id, studyInstanceUid } of runs.runs) {
    const isShown = rows.find((row) => row.studyInstanceUid === studyInstanceUid)?.arm === 'model-first';
    const author = given.find((row) => row.studyInstanceUid === studyInstanceUid)?.reader;
    if (author === undefined) throw new Error(`The exam ${studyInstanceUid} was given to nobody.`);
    const of = { id: randomUUID(), run: id, evaluation: evaluationInArms(), author, now: new Date() };
    const answers = ['right', 'left'].map((subject) => ({ question: 'read', subject, value: 'no-fracture' }));
    const rest = { agreedWithAll: false, reviewTime: null, reason: null };
    await sendFeedback(world.database, { ...of, ...rest, answers, stage: isShown ? 'aided' : 'unaided' });
  }
}
