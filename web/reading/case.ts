import { and, eq, inArray } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { RunView } from '../../schemas/api.ts';
import { assignment, feedback } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Person } from '../accounts/accounts.ts';
import { may, mayReadBlinded } from '../accounts/rights.ts';
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
export async function caseOf(database: Database, evaluation: Evaluation, run: RunView): Promise<Case> {
  const [entries, readers] = await Promise.all([
    database.db
      .select({ author: feedback.author, stage: feedback.stage, version: feedback.version, answers: feedback.answers })
      .from(feedback)
      .where(and(eq(feedback.run, run.id), eq(feedback.evaluation, evaluation.name))),
    evaluation.reading.readersPerCase === 'all' ? undefined : readersOf(database, evaluation, run.studyInstanceUid),
  ]);
  return { entries, readers };
}

/**
 * Which of the runs a person may see the result of now: not one that they are still to read, or read without ever seeing
 * it. One query for however many runs.
 */
export async function revealedTo(
  { database, evaluations }: { database: Database; evaluations: ReadonlyMap<string, Evaluation> },
  person: Person,
  runs: readonly Pick<RunView, 'id' | 'pipeline'>[],
): Promise<ReadonlySet<string>> {
  const isOpen = (evaluation: Evaluation | undefined, entries: Case['entries'] = []) =>
    evaluation === undefined || isRevealed(evaluation, participantOf(person, evaluation), { entries });
  const hidden = runs.filter(({ pipeline }) => !isOpen(evaluations.get(pipeline)));
  if (hidden.length === 0) return new Set(runs.map(({ id }) => id));
  const sent = await database.db
    .select()
    .from(feedback)
    .where(
      and(
        eq(feedback.author, person.name),
        inArray(
          feedback.run,
          hidden.map(({ id }) => id),
        ),
      ),
    );
  const entriesOf = (run: string) => sent.filter((entry) => entry.run === run);
  const isHidden = (run: Pick<RunView, 'id' | 'pipeline'>) =>
    hidden.includes(run) && !isOpen(evaluations.get(run.pipeline), entriesOf(run.id));
  return new Set(runs.filter((run) => !isHidden(run)).map(({ id }) => id));
}

async function readersOf(database: Database, { name }: Evaluation, studyInstanceUid: string): Promise<string[]> {
  const rows = await database.db
    .select({ reader: assignment.reader })
    .from(assignment)
    .where(and(eq(assignment.evaluation, name), eq(assignment.studyInstanceUid, studyInstanceUid)));
  return rows.map(({ reader }) => reader);
}
