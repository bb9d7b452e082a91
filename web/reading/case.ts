import { and, eq, getTableColumns, inArray } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { RunView } from '../../schemas/api.ts';
import { assignment, feedback, run } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Person } from '../accounts/accounts.ts';
import { may, mayReadBlinded } from '../accounts/rights.ts';
import { evaluatedPipeline } from '../runs.ts';
import { type Case, isRevealed, type Participant } from './standing.ts';

/** What a person is to an evaluation. */
export function participantOf(person: Person, { name }: Pick<Evaluation, 'name'>): Participant {
  return {
    name: person.name,
    reads: may(person, 'read', name),
    readsBlinded: mayReadBlinded(person, name),
    reviewsQuality: may(person, 'review-quality', name),
    adjudicates: may(person, 'adjudicate', name),
    seesAll: may(person, 'lead', name) || may(person, 'browse-data', name),
  };
}

/** The case that a run is. */
export async function caseOf(
  database: Database,
  evaluation: Evaluation,
  { id, studyInstanceUid }: RunView,
): Promise<Case> {
  const [entries, readers] = await Promise.all([
    database.db
      .select({ author: feedback.author, stage: feedback.stage, version: feedback.version, answers: feedback.answers })
      .from(feedback)
      .where(and(eq(feedback.run, id), eq(feedback.evaluation, evaluation.name))),
    evaluation.reading.readersPerCase === 'all' ? undefined : readersOf(database, evaluation, studyInstanceUid),
  ]);
  return { entries, readers };
}

/** What of a run decides who may see its result. */
type Shown = Pick<RunView, 'id' | 'pipeline' | 'imported' | 'studyInstanceUid'>;

/**
 * Which of the runs a person may see the result of now: not one that they are still to read, or read without ever seeing
 * it. What somebody else drew on an exam is shown when the person has read any run of the exam. One query for however many
 * runs.
 */
export async function revealedTo(
  { database, evaluations }: { database: Database; evaluations: ReadonlyMap<string, Evaluation> },
  person: Person,
  runs: readonly Shown[],
): Promise<ReadonlySet<string>> {
  const isOpen = (shown: Shown, entries: Case['entries']) => {
    const evaluation = evaluations.get(evaluatedPipeline(shown));
    return evaluation === undefined || isRevealed(evaluation, participantOf(person, evaluation), { entries });
  };
  const hidden = runs.filter((shown) => !isOpen(shown, []));
  if (hidden.length === 0) return new Set(runs.map(({ id }) => id));
  const studies = hidden.map(({ studyInstanceUid }) => studyInstanceUid);
  const sent = await database.db
    .select({ ...getTableColumns(feedback), studyInstanceUid: run.studyInstanceUid, pipeline: run.pipeline })
    .from(feedback)
    .innerJoin(run, eq(run.id, feedback.run))
    .where(and(eq(feedback.author, person.name), inArray(run.studyInstanceUid, studies)));
  const entriesOf = (shown: Shown) =>
    shown.imported === undefined
      ? sent.filter((entry) => entry.run === shown.id)
      : sent.filter(
          ({ studyInstanceUid, pipeline }) =>
            studyInstanceUid === shown.studyInstanceUid && pipeline === evaluatedPipeline(shown),
        );
  return new Set(
    runs.filter((shown) => !hidden.includes(shown) || isOpen(shown, entriesOf(shown))).map(({ id }) => id),
  );
}

async function readersOf(database: Database, { name }: Evaluation, studyInstanceUid: string): Promise<string[]> {
  const rows = await database.db
    .select({ reader: assignment.reader })
    .from(assignment)
    .where(and(eq(assignment.evaluation, name), eq(assignment.studyInstanceUid, studyInstanceUid)));
  return rows.map(({ reader }) => reader);
}
