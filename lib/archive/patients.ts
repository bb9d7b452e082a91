import { randomUUID } from 'node:crypto';
import { asc, eq, inArray, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type {
  AskedChange,
  NamedPatient,
  PatientChange,
  PatientStatement,
  PersonReference,
} from '../../schemas/patients.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Database, Transaction } from '../database/connection.ts';
import { ADVISORY_LOCK } from '../database/locks.ts';
import { lockArchive } from './catalogue.ts';
import { type ExamView, findExams } from './exams.ts';
import { askJoinedExams } from './other-exams.ts';
import { withPatience } from './patience.ts';
import { applyStatements, readStatements } from './patient-statements.ts';
import { RELEASED_CHANNEL } from './quarantine.ts';
import { stopMoved } from './retraction.ts';

/** A change that cannot be made; the message is for the person who asked, without PHI. */
export class PatientChangeError extends Error {}

/** What a change does: the exams of each person that it touches, before and after, and the runs that it asks for. */
export interface PatientEffects {
  readonly before: string[][];
  readonly after: string[][];
  readonly runs: { pipeline: string; studyInstanceUid: string }[];
  /** Objects that wait for a receiver and are stopped for good, since they name the wrong patient then. */
  readonly deliveries: number;
  /** Whose each of these exams is then. PHI: for pages of people who are signed in. */
  readonly exams: ReadonlyMap<string, ExamView>;
}

/** A statement was kept, with what it did; or it was there before. */
export type Stated = { readonly statement: PatientStatement; readonly effects: PatientEffects | undefined };

/** What somebody says. */
export interface Saying extends Omit<PatientStatement, 'change' | 'statedAt'> {
  readonly change: AskedChange;
  readonly now: () => Date;
}

/**
 * Keeps a statement, lets the index follow, stops what waits for receivers and would name the wrong patient, and asks for
 * the runs that joined exams miss; all in the transaction given, which nobody who receives images overlaps.
 *
 * @throws {PatientChangeError} there is nobody of this name, or nothing to change
 */
export async function statePatientChange(
  transaction: Transaction,
  { now, ...said }: Saying,
  pipelines: ReadonlyMap<string, Pipeline>,
): Promise<Stated> {
  await lockArchive(transaction);
  await transaction.execute(sql`select pg_advisory_xact_lock(${ADVISORY_LOCK.patients})`);
  const statements = await readStatements(transaction);
  const known = statements.find(({ id }) => id === said.id);
  if (known !== undefined) return { statement: known, effects: undefined };
  const change = await resolve(transaction, said.change, statements);
  const statement = { ...said, change, statedAt: momentOf(now(), statements.at(-1)?.statedAt) };
  const touching = change.kind === 'undo' ? statements.find(({ id }) => id === change.undoes)?.change : change;
  if (touching === undefined || touching.kind === 'undo') throw new Error('An undo of nothing was let through.');

  const persons = await touchedPersons(transaction, touching);
  const before = await examsOfPersons(transaction, persons);
  await transaction.insert(tables.patientStatement).values({ ...statement, statedAt: new Date(statement.statedAt) });
  await applyStatements(transaction);
  const after = await examsOfPersons(transaction, [...persons, ...(await touchedPersons(transaction, touching))]);
  if (change.kind !== 'undo' && JSON.stringify(before) === JSON.stringify(after)) {
    throw new PatientChangeError('Nothing would change: the exams are together, or apart, already.');
  }
  const deliveries = await stopMoved(transaction, changedExams(before, after));
  const groups = { before: before.map(({ exams }) => exams), after: after.map(({ exams }) => exams) };
  const runs = await askJoinedExams(transaction, { ...groups, pipelines, now: new Date(statement.statedAt) });
  await transaction.execute(sql`select pg_notify(${RELEASED_CHANNEL}, '')`);
  const exams = await findExams({ db: transaction }, groups.after.flat());
  return { statement, effects: { ...groups, runs, deliveries, exams } };
}

/** What a change would do: the change itself, taken back. @throws as `statePatientChange` and `withPatience` do */
export async function previewPatientChange(
  database: Database,
  change: AskedChange,
  pipelines: ReadonlyMap<string, Pipeline>,
): Promise<PatientEffects> {
  const asked = { id: randomUUID(), change, author: '', reason: '', now: () => new Date() };
  let effects: PatientEffects | undefined;
  try {
    await withPatience(database, async (transaction) => {
      effects = (await statePatientChange(transaction, asked, pipelines)).effects;
      throw new TakenBack();
    });
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
  }
  if (effects === undefined) throw new Error('A new change had no effects.');
  return effects;
}

class TakenBack extends Error {}

/**
 * When a statement is said: once it is its turn, which it may have waited for while others confirmed what it takes away; and
 * after the one before it, by whatever clock, since they are brought back from the store in the order of their times.
 */
function momentOf(now: Date, before: string | undefined): string {
  const earliest = before === undefined ? 0 : Date.parse(before) + 1;
  return new Date(Math.max(now.getTime(), earliest)).toISOString();
}

/** Turns the names that a person gave into references without PHI. */
async function resolve(
  transaction: Transaction,
  change: AskedChange,
  statements: readonly PatientStatement[],
): Promise<PatientChange> {
  switch (change.kind) {
    case 'merge': {
      const merged = await referenceOf(transaction, change.merged, statements);
      return { kind: 'merge', merged, into: await referenceOf(transaction, change.into, statements) };
    }
    case 'move': {
      await requireHeld(transaction, change.exam);
      const to = change.to === 'new' ? 'new' : await referenceOf(transaction, change.to, statements);
      return { kind: 'move', exam: change.exam, to };
    }
    case 'undo': {
      const undone = statements.find(({ id }) => id === change.undoes);
      if (undone === undefined) throw new PatientChangeError('There is no statement of this id.');
      if (undone.change.kind === 'undo') {
        throw new PatientChangeError('An undo is not undone: say again what should hold.');
      }
      if (statements.some((one) => one.change.kind === 'undo' && one.change.undoes === change.undoes)) {
        throw new PatientChangeError('This statement was undone before.');
      }
      return change;
    }
  }
}

async function referenceOf(
  transaction: Transaction,
  named: NamedPatient,
  statements: readonly PatientStatement[],
): Promise<PersonReference> {
  const { study, patient } = tables;
  if ('exam' in named) {
    await requireHeld(transaction, named.exam);
    const undone = new Set(statements.flatMap(({ change }) => (change.kind === 'undo' ? [change.undoes] : [])));
    const move = statements.findLast(
      ({ id, change }) => change.kind === 'move' && change.exam === named.exam && !undone.has(id),
    );
    if (move?.change.kind !== 'move') return { exam: named.exam };
    return move.change.to === 'new' ? { person: move.id } : move.change.to;
  }
  if (named.patientId === '') throw new PatientChangeError('An empty number is nobody’s. Name an exam instead.');
  const [first] = await transaction
    .select({ exam: study.studyInstanceUid })
    .from(study)
    .innerJoin(patient, eq(patient.id, study.patient))
    .where(sql`${patient.patientId} = ${named.patientId} and ${patient.issuer} = ${named.issuer}`)
    .orderBy(asc(study.firstReceivedAt), asc(study.studyInstanceUid))
    .limit(1);
  if (first === undefined) {
    throw new PatientChangeError('No exam here states one of these numbers, from this issuer. Look at both once more.');
  }
  return { exam: first.exam };
}

async function requireHeld(transaction: Transaction, StudyInstanceUID: string): Promise<void> {
  const { study } = tables;
  const rows = await transaction.select().from(study).where(eq(study.studyInstanceUid, StudyInstanceUID));
  if (rows.length === 0) throw new PatientChangeError('There is no exam of this StudyInstanceUID here.');
}

/** Rows of the persons that a change is about, as they are now. */
async function touchedPersons(transaction: Transaction, change: Exclude<PatientChange, { kind: 'undo' }>) {
  const { patient, study } = tables;
  const references: PersonReference[] = [];
  const found: number[] = [];
  if (change.kind === 'merge') references.push(change.merged, change.into);
  else {
    if (change.to !== 'new') references.push(change.to);
    const rows = await transaction
      .select({ person: study.person })
      .from(study)
      .where(eq(study.studyInstanceUid, change.exam));
    found.push(...rows.map(({ person }) => person));
  }
  for (const reference of references) {
    const person = sql<number>`coalesce(${patient.mergedInto}, ${patient.id})`.mapWith(Number);
    const rows =
      'exam' in reference
        ? await transaction
            .select({ person })
            .from(patient)
            .innerJoin(study, eq(study.patient, patient.id))
            .where(eq(study.studyInstanceUid, reference.exam))
        : await transaction.select({ person }).from(patient).where(eq(patient.madeBy, reference.person));
    found.push(...rows.map((row) => row.person));
  }
  return found;
}

type PersonExams = { readonly person: number; readonly exams: readonly string[] };

/** Exams that are of another person after a change, and all exams of everybody whom it touches. */
function changedExams(before: readonly PersonExams[], after: readonly PersonExams[]) {
  const personsOf = (groups: readonly PersonExams[]) =>
    new Map(groups.flatMap(({ person, exams }) => exams.map((exam) => [exam, person] as const)));
  const [earlier, now] = [personsOf(before), personsOf(after)];
  const joined = [...new Set([...earlier.keys(), ...now.keys()])];
  return { moved: joined.filter((exam) => earlier.get(exam) !== now.get(exam)), joined };
}

/** The exams of each of these persons in the order of their dates; of a merged one those of the person it is now. */
async function examsOfPersons(
  transaction: Transaction,
  persons: readonly number[],
): Promise<{ person: number; exams: string[] }[]> {
  const { patient, study } = tables;
  if (persons.length === 0) return [];
  const now = transaction
    .select({ id: sql`coalesce(${patient.mergedInto}, ${patient.id})` })
    .from(patient)
    .where(inArray(patient.id, [...persons]));
  const rows = await transaction
    .select({ uid: study.studyInstanceUid, person: study.person })
    .from(study)
    .where(inArray(study.person, now))
    .orderBy(asc(study.studyDate), asc(study.studyTime), asc(study.studyInstanceUid));
  const groups = [...Map.groupBy(rows, ({ person }) => person)];
  const exams = groups.map(([person, group]) => ({ person, exams: group.map(({ uid }) => uid) }));
  return exams.sort((a, b) => ((a.exams[0] ?? '') < (b.exams[0] ?? '') ? -1 : 1));
}
