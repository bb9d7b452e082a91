import { and, eq, inArray } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { RunView } from '../../schemas/api.ts';
import { assignment, feedback } from '../../schemas/database/web.ts';
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
  runs: readonly Pick<RunView, 'id' | 'pipeline' | 'imported'>[],
): Promise<ReadonlySet<string>> {
  const isOpen = (evaluation: Evaluation | undefined, entries: Case['entries'] = []) =>
    evaluation === undefined || isRevealed(evaluation, participantOf(person, evaluation), { entries });
  const evaluationOf = (run: Pick<RunView, 'pipeline' | 'imported'>) => evaluations.get(evaluatedPipeline(run));
  // What somebody brought in or edited is a result like the model's; one's own is no news.
  const hidden = runs.filter((run) => run.imported?.author !== person.name && !isOpen(evaluationOf(run)));
  if (hidden.length === 0) return new Set(runs.map(({ id }) => id));
  const sent = await database.db
    .select()
    .from(feedback)
    .where(and(eq(feedback.author, person.name), inArray(feedback.run, hidden.map(caseRun))));
  const entriesOf = (run: string) => sent.filter((entry) => entry.run === run);
  const isHidden = (run: Pick<RunView, 'id' | 'pipeline' | 'imported'>) =>
    hidden.includes(run) && !isOpen(evaluationOf(run), entriesOf(caseRun(run)));
  return new Set(runs.filter((run) => !isHidden(run)).map(({ id }) => id));
}

/** The run to which a reader answers: of an edit the one whose result was changed. */
function caseRun({ id, imported }: Pick<RunView, 'id' | 'imported'>): string {
  return imported?.edits ?? id;
}

async function readersOf(database: Database, { name }: Evaluation, studyInstanceUid: string): Promise<string[]> {
  const rows = await database.db
    .select({ reader: assignment.reader })
    .from(assignment)
    .where(and(eq(assignment.evaluation, name), eq(assignment.studyInstanceUid, studyInstanceUid)));
  return rows.map(({ reader }) => reader);
}
