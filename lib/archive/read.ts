import { count, countDistinct, desc, eq, max, sql } from 'drizzle-orm';
import type { QuarantinedInstance, StudyView } from '../../schemas/api.ts';
import * as tables from '../../schemas/database/archive.ts';
import type { Database } from '../database/connection.ts';

/** What a page may show of the person on the images, to people who may see it. PHI: never logged, never in a URL. */
export interface PatientView {
  readonly name: string | null;
  readonly patientId: string | null;
  readonly birthDate: string | null;
  readonly sex: string | null;
}

/** What is held of a study, without its runs. */
export type HeldStudy = Omit<StudyView, 'runs'>;

/** Why instances of a study are in quarantine. */
export interface QuarantineReason {
  readonly reason: string;
  readonly instances: number;
}

/** StudyInstanceUIDs with this accession number or this UID, newest first. An empty accession number finds nothing. */
export async function findStudies(
  database: Database,
  search: { readonly accession: string } | { readonly study: string },
): Promise<string[]> {
  const wanted = 'accession' in search ? search.accession.trim() : search.study.trim();
  if (wanted === '') return [];
  const column = 'accession' in search ? tables.study.accessionNumber : tables.study.studyInstanceUid;
  const rows = await database.db
    .select({ study: tables.study.studyInstanceUid })
    .from(tables.study)
    .where(eq(column, wanted))
    .orderBy(desc(tables.study.lastReceivedAt));
  return rows.map(({ study }) => study);
}

/**
 * What is held of a study and what every route said of it; undefined where nothing came. A study of which everything is
 * in quarantine has no instances, and says so.
 */
export async function studyView(
  database: Database,
  StudyInstanceUID: string,
  now: Date = new Date(),
): Promise<HeldStudy | undefined> {
  const { db } = database;
  const [[study], [held], [quarantined], decisions, dispatches] = await Promise.all([
    db.select().from(tables.study).where(eq(tables.study.studyInstanceUid, StudyInstanceUID)),
    db
      .select({ instances: count(), series: countDistinct(tables.instance.seriesInstanceUid) })
      .from(tables.instance)
      .where(eq(tables.instance.studyInstanceUid, StudyInstanceUID)),
    db
      .select({ instances: count(), lastReceivedAt: max(tables.quarantine.receivedAt) })
      .from(tables.quarantine)
      .where(eq(tables.quarantine.studyInstanceUid, StudyInstanceUID)),
    db
      .select()
      .from(tables.routeDecision)
      .where(eq(tables.routeDecision.studyInstanceUid, StudyInstanceUID))
      .orderBy(desc(tables.routeDecision.matched), tables.routeDecision.route),
    db.select().from(tables.dispatch).where(eq(tables.dispatch.studyInstanceUid, StudyInstanceUID)),
  ]);
  const lastReceivedAt = study?.lastReceivedAt ?? quarantined?.lastReceivedAt;
  if (lastReceivedAt == null) return undefined;
  const isDue = dispatches.some(({ dueAt }) => dueAt !== null);
  const noteOf = new Map(dispatches.map(({ pipeline, note }) => [pipeline, note]));
  return {
    studyInstanceUid: StudyInstanceUID,
    state: study !== undefined && (isDue || study.completeAt > now) ? 'receiving' : 'complete',
    instances: held?.instances ?? 0,
    series: held?.series ?? 0,
    lastReceivedAt: lastReceivedAt.toISOString(),
    quarantined: quarantined?.instances ?? 0,
    routes: decisions.map(({ route, matched, reason, pipeline }) => {
      const note = matched ? noteOf.get(pipeline) : null;
      return { route, matched, reason: note == null ? reason : `${reason} ${note}` };
    }),
  };
}

/** Why instances of a study wait for a person, the most frequent reason first. */
export function quarantineReasons(database: Database, StudyInstanceUID: string): Promise<QuarantineReason[]> {
  return database.db
    .select({ reason: tables.quarantine.reason, instances: count() })
    .from(tables.quarantine)
    .where(eq(tables.quarantine.studyInstanceUid, StudyInstanceUID))
    .groupBy(tables.quarantine.reason)
    .orderBy(desc(count()), sql`${tables.quarantine.reason}`);
}

/** What waits in quarantine, of one study or of all and of none, newest first. */
export async function quarantinedInstances(
  database: Database,
  { study, limit }: { readonly study?: string | undefined; readonly limit: number },
): Promise<QuarantinedInstance[]> {
  const { quarantine } = tables;
  const rows = await database.db
    .select({
      sha256: quarantine.sha256,
      studyInstanceUid: quarantine.studyInstanceUid,
      sopInstanceUid: quarantine.sopInstanceUid,
      reason: quarantine.reason,
      calledAETitle: quarantine.calledAETitle,
      receivedAt: quarantine.receivedAt,
    })
    .from(quarantine)
    .where(study === undefined ? undefined : eq(quarantine.studyInstanceUid, study))
    .orderBy(desc(quarantine.receivedAt))
    .limit(limit);
  return rows.map((row) => ({ ...row, receivedAt: row.receivedAt.toISOString() }));
}

/** Whom the study is of; undefined where it is not held. */
export async function patientOfStudy(database: Database, StudyInstanceUID: string): Promise<PatientView | undefined> {
  const [row] = await database.db
    .select({
      name: tables.patient.name,
      patientId: sql<string | null>`nullif(${tables.patient.patientId}, '')`,
      birthDate: tables.patient.birthDate,
      sex: tables.patient.sex,
    })
    .from(tables.study)
    .innerJoin(tables.patient, eq(tables.patient.id, tables.study.person))
    .where(eq(tables.study.studyInstanceUid, StudyInstanceUID));
  return row;
}
