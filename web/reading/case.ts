import { and, desc, eq, getTableColumns, inArray, isNull, ne } from 'drizzle-orm';
import type { RunView } from '../../schemas/api.ts';
import { allocation, assignment, feedback, run, trendEntry } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Person } from '../accounts/accounts.ts';
import type { Parts } from '../parts.ts';
import { evaluatedPipeline } from '../runs/runs.ts';
import { evaluationIn } from './arms.ts';
import { type Giving, giveOutExam } from './give-out.ts';
import { participantOf } from './participant.ts';
import { type Case, isRevealed, qualityOf } from './standing.ts';

/** The evaluation as it is for the exam of a run: as the exam's arm says, which it comes to here if it is time. */
export async function evaluationOfCase(parts: Giving, declared: Evaluation, of: RunView): Promise<Evaluation> {
  if (declared.reading.arms === undefined) return declared;
  const find = async () => (await armsOfExams(parts, declared, [of.studyInstanceUid])).get(of.studyInstanceUid);
  const known = await find();
  if (known !== undefined) return evaluationIn(declared, known);
  await giveOutExam(parts, declared, of.studyInstanceUid);
  return evaluationIn(declared, await find());
}

/**
 * The case that a run is, and the evaluation as it is for it.
 *
 * @param declared as `evaluation.yaml` has it
 */
export async function caseOf(
  parts: Giving,
  declared: Evaluation,
  of: RunView,
): Promise<Case & { readonly evaluation: Evaluation }> {
  const { database } = parts;
  const { id, studyInstanceUid, pipeline } = of;
  const evaluation = await evaluationOfCase(parts, declared, of);
  const about = and(eq(feedback.evaluation, declared.name), eq(feedback.run, id));
  const [entries, readers, seen, withdrawn, arms] = await Promise.all([
    database.db
      .select({ author: feedback.author, stage: feedback.stage, version: feedback.version, answers: feedback.answers })
      .from(feedback)
      .where(about),
    evaluation.reading.readersPerCase === 'all' ? undefined : readersOf(parts, declared, studyInstanceUid),
    evaluation.reading.mode !== 'unaided-first'
      ? []
      : database.db
          .selectDistinct({ author: feedback.author })
          .from(feedback)
          .innerJoin(run, eq(run.id, feedback.run))
          .where(
            and(
              eq(run.studyInstanceUid, studyInstanceUid),
              eq(run.pipeline, pipeline),
              ne(run.id, id),
              eq(feedback.evaluation, declared.name),
              eq(feedback.stage, 'unaided'),
            ),
          ),
    whyWithdrawn(parts, of),
    declared.reading.arms === undefined ? undefined : armsOfExams(parts, declared, [studyInstanceUid]),
  ]);
  // An exam comes to an arm once its quality was judged: that it is in none yet is no reason not to judge it.
  const isJudged = qualityOf(evaluation, entries) !== 'waiting';
  const closed = withdrawn ?? (isJudged ? whyInNoArm(declared, arms?.get(studyInstanceUid)) : undefined);
  return { evaluation, entries, readers, haveSeen: seen.map(({ author }) => author), closed };
}

/** What of a run decides who may see its result. */
type Shown = Pick<RunView, 'id' | 'pipeline' | 'imported' | 'studyInstanceUid'>;

/**
 * Which of the runs a person may see the result of now: not one that they are still to read, or read without ever seeing
 * it. Who has read any run on an exam is shown the others too, and what somebody else drew on it. A query or two for
 * however many runs.
 */
export async function revealedTo(
  parts: Pick<Parts, 'database' | 'evaluations'>,
  person: Person,
  runs: readonly Shown[],
): Promise<ReadonlySet<string>> {
  const { database, evaluations } = parts;
  const declaredFor = (shown: Shown) => evaluations.get(evaluatedPipeline(shown));
  const arms = await armsOfRuns(parts, runs, declaredFor);
  const isOpen = (shown: Shown, entries: Case['entries']) => {
    const declared = declaredFor(shown);
    if (declared === undefined) return true;
    const evaluation = evaluationIn(declared, arms.get(`${declared.name} ${shown.studyInstanceUid}`));
    return isRevealed(evaluation, participantOf(person, declared), { entries });
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
    sent.filter(
      ({ studyInstanceUid, pipeline }) =>
        studyInstanceUid === shown.studyInstanceUid && pipeline === evaluatedPipeline(shown),
    );
  return new Set(
    runs.filter((shown) => !hidden.includes(shown) || isOpen(shown, entriesOf(shown))).map(({ id }) => id),
  );
}

/** Which arm of an evaluation exams came to; those that have none are left out. */
export async function armsOfExams(
  { database }: Pick<Parts, 'database'>,
  { name }: Pick<Evaluation, 'name'>,
  studies: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (studies.length === 0) return new Map();
  const rows = await database.db
    .select({ study: allocation.studyInstanceUid, arm: allocation.arm })
    .from(allocation)
    .where(and(eq(allocation.evaluation, name), inArray(allocation.studyInstanceUid, [...studies])));
  return new Map(rows.map(({ study, arm }) => [study, arm]));
}

/** By evaluation and study. */
async function armsOfRuns(
  parts: Pick<Parts, 'database'>,
  runs: readonly Shown[],
  declaredFor: (shown: Shown) => Evaluation | undefined,
): Promise<ReadonlyMap<string, string>> {
  const studies = new Map<Evaluation, string[]>();
  for (const shown of runs) {
    const declared = declaredFor(shown);
    if (declared?.reading.arms === undefined) continue;
    studies.set(declared, [...(studies.get(declared) ?? []), shown.studyInstanceUid]);
  }
  const found = [...studies].map(async ([declared, own]) =>
    [...(await armsOfExams(parts, declared, own))].map(([study, arm]) => [`${declared.name} ${study}`, arm] as const),
  );
  return new Map((await Promise.all(found)).flat());
}

/** Why nobody is asked about an exam that somebody took out, as a sentence; undefined where it was not. */
async function whyWithdrawn(
  parts: Pick<Parts, 'database'>,
  { pipeline, studyInstanceUid }: RunView,
): Promise<string | undefined> {
  const [said] = await parts.database.db
    .select({ kind: trendEntry.kind, reason: trendEntry.reason })
    .from(trendEntry)
    .where(
      and(
        eq(trendEntry.pipeline, pipeline),
        eq(trendEntry.studyInstanceUid, studyInstanceUid),
        inArray(trendEntry.kind, ['withdrawn', 'restored']),
      ),
    )
    .orderBy(desc(trendEntry.createdAt), desc(trendEntry.id))
    .limit(1);
  return said?.kind === 'withdrawn' ? `This exam was withdrawn, and is not read: ${said.reason}` : undefined;
}

/** Why no reader is asked about an exam that is in none of the arms, as a sentence; undefined where it is in one, or there are none. */
function whyInNoArm({ reading: { arms } }: Evaluation, arm: string | undefined): string | undefined {
  if (arms === undefined || arms.some(({ name }) => name === arm)) return undefined;
  return arm === undefined
    ? 'This exam has come to no arm of the evaluation, and is not read.'
    : 'The arm of the evaluation to which this exam came is no longer declared, so that it is not read.';
}

async function readersOf(
  { database }: Pick<Parts, 'database'>,
  { name }: Evaluation,
  studyInstanceUid: string,
): Promise<string[]> {
  const ofCase = and(eq(assignment.evaluation, name), eq(assignment.studyInstanceUid, studyInstanceUid));
  const rows = await database.db
    .select({ reader: assignment.reader })
    .from(assignment)
    .where(and(ofCase, isNull(assignment.releasedAt)));
  return rows.map(({ reader }) => reader);
}
