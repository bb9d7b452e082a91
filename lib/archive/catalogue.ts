import { and, eq, lt, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import type { Database, Queries, Transaction } from '../database/connection.ts';
import { ADVISORY_LOCK } from '../database/locks.ts';
import { arm, type Demand } from './arming.ts';
import type { InstanceFacts, PatientFacts } from './facts.ts';
import type { RouteDecision } from './routes.ts';
import { momentOfName } from './spool.ts';

/** One reception of an instance, as the index needs it. */
export interface Reception {
  /** Name of the spool's entry; undefined where the index is rebuilt from the store. */
  readonly entry: string | undefined;
  readonly receivedAt: Date;
  readonly facts: InstanceFacts;
  readonly dataSetSha256: string;
}

/** What is asked for by an instance that counts. */
export interface Consequences {
  readonly decisions: readonly RouteDecision[];
  readonly demands: readonly Demand[];
  /** Seconds without a new instance after which a study is complete that goes to no pipeline. */
  readonly quietSeconds: number;
}

/** The instance that is held already under a SOPInstanceUID. */
export type HeldInstance = typeof tables.instance.$inferSelect;

export async function findInstance(db: Queries, SOPInstanceUID: string): Promise<HeldInstance | undefined> {
  const [held] = await db.select().from(tables.instance).where(eq(tables.instance.sopInstanceUid, SOPInstanceUID));
  return held;
}

/** Whether the outcome of a spool entry was written before: by a process that was killed before it could remove it. */
export async function isIngested(database: Database, entry: string): Promise<boolean> {
  const rows = await database.db.select().from(tables.ingested).where(eq(tables.ingested.entry, entry));
  return rows.length > 0;
}

/** Forgets the outcomes of entries received before a moment, of which none is left in the spool. */
export async function forgetIngested(database: Database, before: Date): Promise<void> {
  await database.db.delete(tables.ingested).where(lt(tables.ingested.entry, momentOfName(before)));
}

/** Whose an instance is. `same-person`: it names another patient than its study's images, who is the same as people said. */
export type Claim = 'ours' | 'same-person' | 'other-patient';

/**
 * Makes the study's row where it is not there yet, and answers whether the study is this instance's patient's.
 *
 * An instance that says nothing of the patient (it broke off before) is taken for the study's. Two empty PatientIDs in
 * one study are one patient: the study is what they share, not the emptiness. An exam that people moved takes images of the
 * patient whom its images stated as well as of the one it was moved to.
 */
export async function claimStudy(db: Queries, reception: Reception): Promise<Claim> {
  const { facts } = reception;
  const known = await patientIdentity(db, facts.StudyInstanceUID);
  if (known !== undefined) return claimOf(db, known, facts.patient);
  return db.transaction(async (transaction) => {
    await lockStudy(transaction, facts.StudyInstanceUID);
    const made = await patientIdentity(transaction, facts.StudyInstanceUID);
    if (made !== undefined) return claimOf(transaction, made, facts.patient);
    const patient = await patientRow(transaction, facts.patient);
    await transaction.insert(tables.study).values({
      studyInstanceUid: facts.StudyInstanceUID,
      patient: patient.id,
      person: patient.mergedInto ?? patient.id,
      accessionNumber: facts.study.AccessionNumber,
      studyDescription: facts.study.StudyDescription,
      studyDate: facts.study.StudyDate,
      studyTime: facts.study.StudyTime,
      firstReceivedAt: reception.receivedAt,
      lastReceivedAt: reception.receivedAt,
      completeAt: reception.receivedAt,
    });
    return 'ours';
  });
}

async function patientIdentity(db: Queries, StudyInstanceUID: string) {
  const [held] = await db
    .select({ patientId: tables.patient.patientId, issuer: tables.patient.issuer, person: tables.study.person })
    .from(tables.study)
    .innerJoin(tables.patient, eq(tables.patient.id, tables.study.patient))
    .where(eq(tables.study.studyInstanceUid, StudyInstanceUID));
  return held;
}

async function claimOf(
  db: Queries,
  held: { readonly patientId: string; readonly issuer: string; readonly person: number },
  claimed: PatientFacts | undefined,
): Promise<Claim> {
  if (isSamePatient(held, claimed)) return 'ours';
  if (claimed === undefined || claimed.PatientID === '') return 'other-patient';
  const { patient } = tables;
  const [known] = await db
    .select({ id: patient.id, mergedInto: patient.mergedInto })
    .from(patient)
    .where(and(eq(patient.patientId, claimed.PatientID), eq(patient.issuer, claimed.IssuerOfPatientID)));
  return known !== undefined && (known.mergedInto ?? known.id) === held.person ? 'same-person' : 'other-patient';
}

/** Writes an instance whose object is in the store, with everything that follows from it, at once or not at all. */
export async function recordInstance(
  db: Queries,
  reception: Reception,
  object: ObjectReference,
  consequences: Consequences | undefined,
): Promise<void> {
  const { facts } = reception;
  await db.transaction(async (transaction) => {
    await lockStudy(transaction, facts.StudyInstanceUID);
    await markIngested(transaction, reception);
    await transaction
      .insert(tables.series)
      .values({
        studyInstanceUid: facts.StudyInstanceUID,
        seriesInstanceUid: facts.SeriesInstanceUID,
        modality: facts.series.Modality,
        seriesDescription: facts.series.SeriesDescription,
      })
      .onConflictDoNothing();
    await transaction.insert(tables.instance).values({
      sopInstanceUid: facts.SOPInstanceUID,
      studyInstanceUid: facts.StudyInstanceUID,
      seriesInstanceUid: facts.SeriesInstanceUID,
      sopClassUid: facts.SOPClassUID,
      transferSyntaxUid: facts.TransferSyntaxUID,
      dataSetSha256: reception.dataSetSha256,
      objectKey: object.key,
      objectSha256: object.sha256,
      objectSize: object.size,
      calledAETitle: facts.calledAETitle,
      receivedAt: reception.receivedAt,
      tags: facts.tags,
      own: facts.own,
      problem: facts.problem ?? null,
    });
    if (!facts.own) await follow(transaction, reception, consequences);
  });
}

/** Counts an instance that was received again; what its sender asks for is asked for again. */
export async function recordDuplicate(
  database: Database,
  reception: Reception,
  consequences: Consequences,
): Promise<void> {
  const { facts } = reception;
  await database.db.transaction(async (transaction) => {
    await lockStudy(transaction, facts.StudyInstanceUID);
    await markIngested(transaction, reception);
    await transaction
      .update(tables.study)
      .set({ duplicates: sql`${tables.study.duplicates} + 1` })
      .where(eq(tables.study.studyInstanceUid, facts.StudyInstanceUID));
    if (!facts.own) await follow(transaction, reception, consequences);
  });
}

/** Writes what stays out until a person decides. The same bytes again are the same row. */
export async function recordQuarantine(
  db: Queries,
  reception: Reception,
  object: ObjectReference,
  reason: string,
): Promise<void> {
  const { facts } = reception;
  await db.transaction(async (transaction) => {
    await markIngested(transaction, reception);
    await transaction
      .insert(tables.quarantine)
      .values({
        sha256: object.sha256,
        objectKey: object.key,
        objectSize: object.size,
        studyInstanceUid: facts.StudyInstanceUID || null,
        sopInstanceUid: facts.SOPInstanceUID || null,
        reason,
        calledAETitle: facts.calledAETitle,
        receivedAt: reception.receivedAt,
      })
      .onConflictDoNothing();
  });
}

/** Studies share this many locks, so that a rebuild, which takes them all in one transaction, has room for them. */
const STUDY_LOCKS = 1024;

/** Holds a study against everyone else who would change it or freeze its version, until the transaction ends. */
export async function lockStudy(transaction: Transaction, StudyInstanceUID: string): Promise<void> {
  await transaction.execute(
    sql`select pg_advisory_xact_lock_shared(${ADVISORY_LOCK.archive}), pg_advisory_xact_lock(hashtextextended(${StudyInstanceUID}, 0) % ${STUDY_LOCKS})`,
  );
}

/** Holds all studies, until the transaction ends. */
export async function lockArchive(transaction: Transaction): Promise<void> {
  await transaction.execute(sql`select pg_advisory_xact_lock(${ADVISORY_LOCK.archive})`);
}

/** What an arrival changes: the study's times, what routes said, and what is due. */
async function follow(
  transaction: Transaction,
  reception: Reception,
  consequences: Consequences | undefined,
): Promise<void> {
  const { StudyInstanceUID } = reception.facts;
  const received = reception.receivedAt;
  const quietSeconds = consequences === undefined ? 0 : await followConsequences(transaction, reception, consequences);
  const completeAt = new Date(received.getTime() + 1000 * quietSeconds);
  await transaction
    .update(tables.study)
    .set({
      firstReceivedAt: sql`least(${tables.study.firstReceivedAt}, ${received.toISOString()}::timestamptz)`,
      lastReceivedAt: sql`greatest(${tables.study.lastReceivedAt}, ${received.toISOString()}::timestamptz)`,
      completeAt: sql`greatest(${tables.study.completeAt}, ${completeAt.toISOString()}::timestamptz)`,
    })
    .where(eq(tables.study.studyInstanceUid, StudyInstanceUID));
}

/** Keeps what routes said and starts quiet periods; answers the longest one, in seconds. */
async function followConsequences(
  transaction: Transaction,
  { facts, receivedAt }: Reception,
  { decisions, demands, quietSeconds }: Consequences,
): Promise<number> {
  if (decisions.length > 0) {
    const { routeDecision } = tables;
    const rows = decisions.map(({ route, pipeline, matched, held, reason }) => ({
      studyInstanceUid: facts.StudyInstanceUID,
      ...{ route, pipeline, matched, held, reason },
    }));
    await transaction
      .insert(routeDecision)
      .values(rows)
      .onConflictDoUpdate({
        target: [routeDecision.studyInstanceUid, routeDecision.route],
        set: {
          pipeline: sql`excluded.pipeline`,
          matched: sql`excluded.matched`,
          held: sql`excluded.held`,
          reason: sql`excluded.reason`,
        },
        setWhere: sql`not ${routeDecision.matched} and (excluded.matched or excluded.held > ${routeDecision.held})`,
      });
  }
  return (await arm(transaction, facts.StudyInstanceUID, receivedAt, demands)) ?? quietSeconds;
}

async function markIngested(transaction: Transaction, reception: Reception): Promise<void> {
  if (reception.entry !== undefined) await transaction.insert(tables.ingested).values({ entry: reception.entry });
}

function isSamePatient(
  held: { readonly patientId: string; readonly issuer: string },
  claimed: PatientFacts | undefined,
): boolean {
  return claimed === undefined || (held.patientId === claimed.PatientID && held.issuer === claimed.IssuerOfPatientID);
}

/** The row of a patient; an empty PatientID makes a new one each time, since it equals no other. */
async function patientRow(transaction: Transaction, patient: PatientFacts | undefined) {
  const values = {
    patientId: patient?.PatientID ?? '',
    issuer: patient?.IssuerOfPatientID ?? '',
    name: patient?.PatientName,
    birthDate: patient?.PatientBirthDate,
    sex: patient?.PatientSex,
  };
  const [made] = await transaction
    .insert(tables.patient)
    .values(values)
    .onConflictDoNothing()
    .returning({ id: tables.patient.id, mergedInto: tables.patient.mergedInto });
  if (made !== undefined) return made;
  const [known] = await transaction
    .select({ id: tables.patient.id, mergedInto: tables.patient.mergedInto })
    .from(tables.patient)
    .where(and(eq(tables.patient.patientId, values.patientId), eq(tables.patient.issuer, values.issuer)));
  if (known === undefined) throw new Error('A patient is neither new nor known.');
  return known;
}
