import { asc, eq, inArray, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import { PatientStatement, type PatientStatementView } from '../../schemas/patients.ts';
import type { Database, Queries, Transaction } from '../database/connection.ts';
import type { ObjectStore } from '../store/store.ts';
import { madeBy, type PersonKey, personsAfter } from './persons.ts';

/** Where statements lie in the bucket `feedback`. */
const STATEMENTS_PREFIX = 'patients/';

/** @param id of the statement */
export const statementKey = (id: string) => `${STATEMENTS_PREFIX}${id}.json`;

/** What people said about who is who, oldest first. */
export async function readStatements(db: Queries): Promise<PatientStatement[]> {
  const rows = await db.select().from(tables.patientStatement).orderBy(asc(tables.patientStatement.position));
  return rows.map(({ position: _, ...row }) => ({ ...row, statedAt: row.statedAt.toISOString() }));
}

/** The same for people, newest first, and which were undone by which. */
export async function listPatientStatements(database: Database): Promise<PatientStatementView[]> {
  const statements = await readStatements(database.db);
  const undone = new Map(
    statements.flatMap(({ id, change }) => (change.kind === 'undo' ? [[change.undoes, id] as const] : [])),
  );
  return statements.map((one) => ({ ...one, undoneBy: undone.get(one.id) ?? null })).toReversed();
}

/** Lets patients and exams of the index follow what was said. Idempotent. Call it with the whole archive locked. */
export async function applyStatements(transaction: Transaction): Promise<void> {
  const { patient, study } = tables;
  const statements = await readStatements(transaction);
  if (statements.length === 0) return;
  const made = statements.flatMap(({ id, change }) => (change.kind === 'move' && change.to === 'new' ? [id] : []));
  for (const id of made) {
    await transaction.insert(patient).values({ patientId: '', issuer: '', madeBy: id }).onConflictDoNothing();
  }
  const stated = await statedRows(transaction, statements);
  const persons = personsAfter(statements, (uid) => {
    const row = stated.get(uid);
    return row === undefined ? `exam ${uid}` : rowKey(row);
  });
  const rows = await transaction
    .select({ id: patient.id, madeBy: patient.madeBy })
    .from(patient)
    .where(sql`${patient.madeBy} is not null`);
  const madeRows = new Map(rows.map(({ id, madeBy: by }) => [madeBy(by ?? ''), id]));
  const rowOf = (key: PersonKey) => madeRows.get(key) ?? (key.startsWith('row ') ? Number(key.slice(4)) : undefined);

  await transaction
    .update(patient)
    .set({ mergedInto: null, changedAt: null })
    .where(sql`${patient.mergedInto} is not null or ${patient.changedAt} is not null`);
  for (const [key, survivor] of persons.survivors) {
    const [row, into] = [rowOf(key), rowOf(survivor)];
    if (row === undefined || into === undefined || row === into) continue;
    await transaction.update(patient).set({ mergedInto: into }).where(eq(patient.id, row));
  }
  for (const [key, at] of persons.changedAt) {
    const row = rowOf(key);
    if (row !== undefined)
      await transaction
        .update(patient)
        .set({ changedAt: new Date(at) })
        .where(eq(patient.id, row));
  }
  await transaction.execute(sql`
    update ${study} set person = coalesce(${patient.mergedInto}, ${patient.id}) from ${patient}
    where ${patient.id} = ${study.patient} and ${study.person} <> coalesce(${patient.mergedInto}, ${patient.id})`);
  for (const [exam, key] of persons.moved) {
    const row = rowOf(persons.survivors.get(key) ?? key);
    if (row !== undefined) await transaction.update(study).set({ person: row }).where(eq(study.studyInstanceUid, exam));
  }
}

/** Brings back from the store what people said before the database was lost. */
export async function restoreStatements(store: ObjectStore, transaction: Transaction): Promise<void> {
  const found: PatientStatement[] = [];
  for await (const { key } of store.list('feedback', STATEMENTS_PREFIX)) {
    const bytes = await store.get('feedback', key);
    found.push(PatientStatement.parse(JSON.parse(bytes.toString('utf8'))));
  }
  const inOrder = found.sort((a, b) => (`${a.statedAt} ${a.id}` < `${b.statedAt} ${b.id}` ? -1 : 1));
  for (const statement of inOrder) {
    const row = { ...statement, statedAt: new Date(statement.statedAt) };
    await transaction.insert(tables.patientStatement).values(row).onConflictDoNothing();
  }
}

const rowKey = (row: number): PersonKey => `row ${row}`;

/** The exams that statements name → the row of whom their images state. */
async function statedRows(
  transaction: Transaction,
  statements: readonly PatientStatement[],
): Promise<ReadonlyMap<string, number>> {
  const { study } = tables;
  const named = statements.flatMap(({ change }) => {
    if (change.kind === 'undo') return [];
    const references = change.kind === 'merge' ? [change.merged, change.into] : [{ exam: change.exam }, change.to];
    return references.flatMap((one) => (typeof one === 'object' && 'exam' in one ? [one.exam] : []));
  });
  if (named.length === 0) return new Map();
  const rows = await transaction
    .select({ uid: study.studyInstanceUid, patient: study.patient })
    .from(study)
    .where(inArray(study.studyInstanceUid, [...new Set(named)]));
  return new Map(rows.map(({ uid, patient }) => [uid, patient]));
}
