import { createHmac } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Database } from '../database/connection.ts';

/** What a report may say of an exam: nothing that names the person. */
export interface ExamFacts {
  /** The same for all exams of a person, and for nobody else; without the key it leads nowhere. */
  readonly patient: string;
  /** M, F, O; null where it is not given. */
  readonly sex: string | null;
  /** At the exam, in tens of years: `60-69`; `90+`; null where a date is missing. */
  readonly ageBand: string | null;
  /** Manufacturer and model of one of its images; null where they are not given, or were indexed before they were kept. */
  readonly scanner: string | null;
  readonly firstReceivedAt: Date;
  readonly lastReceivedAt: Date;
}

/** Characters of a pseudonym: 80 bits, so that no two of a million people share one. */
const PSEUDONYM_LENGTH = 20;

/**
 * What a report may say of these exams; one that is not held is left out.
 *
 * @param key the site's secret that pseudonyms are made with
 */
export async function examFacts(
  database: Database,
  studies: readonly string[],
  key: Buffer,
): Promise<ReadonlyMap<string, ExamFacts>> {
  const { patient, study, instance } = tables;
  const rows = await database.db
    .select({
      studyInstanceUid: study.studyInstanceUid,
      studyDate: study.studyDate,
      firstReceivedAt: study.firstReceivedAt,
      lastReceivedAt: study.lastReceivedAt,
      patientId: patient.patientId,
      issuer: patient.issuer,
      birthDate: patient.birthDate,
      sex: patient.sex,
      standsFor: sql<string | null>`coalesce(${patient.madeBy}::text, (
        select one.study_instance_uid from ${study} one where one.patient = ${patient.id} and ${patient.patientId} = '' limit 1
      ))`,
      scanner: sql<string | null>`(
        select nullif(concat_ws(' ', ${instance.tags}->'Manufacturer'->>0, ${instance.tags}->'ManufacturerModelName'->>0), '')
        from ${instance} where ${instance.studyInstanceUid} = ${study.studyInstanceUid} and not ${instance.own} limit 1
      )`,
    })
    .from(study)
    .innerJoin(patient, eq(patient.id, study.person))
    .where(eq(study.studyInstanceUid, sql`any(${sql.param([...studies])}::text[])`));
  return new Map(rows.map((row) => [row.studyInstanceUid, withoutPerson(row, key)]));
}

/** What the index knows of an exam and its patient. PHI. */
export interface IndexedExam {
  readonly studyInstanceUid: string;
  readonly studyDate: string | null;
  readonly patientId: string;
  readonly issuer: string;
  readonly birthDate: string | null;
  readonly sex: string | null;
  /** What stands for somebody without PatientID: their one exam, or the statement that made them. */
  readonly standsFor?: string | null;
  readonly scanner: string | null;
  readonly firstReceivedAt: Date;
  readonly lastReceivedAt: Date;
}

/** Takes out what names the person. */
export function withoutPerson(exam: IndexedExam, key: Buffer): ExamFacts {
  const { studyInstanceUid, studyDate, patientId, issuer, birthDate, sex } = exam;
  const { scanner, firstReceivedAt, lastReceivedAt } = exam;
  return {
    // Who has no PatientID equals no other, unless people said so: an exam stands for the person.
    patient: pseudonym(key, patientId === '' ? ['', exam.standsFor ?? studyInstanceUid] : [patientId, issuer]),
    sex: sex === '' ? null : sex,
    ageBand: ageBand(birthDate, studyDate),
    scanner,
    firstReceivedAt,
    lastReceivedAt,
  };
}

function pseudonym(key: Buffer, identity: readonly string[]): string {
  const text = JSON.stringify(['patient', ...identity]);
  return createHmac('sha256', key).update(text).digest('hex').slice(0, PSEUDONYM_LENGTH);
}

/** Age in tens of years between two DICOM dates; over 90 there are so few that the age would name them. */
export function ageBand(birthDate: string | null, studyDate: string | null): string | null {
  const [born, at] = [birthDate, studyDate].map((date) => (/^\d{8}$/.test(date ?? '') ? Number(date) : undefined));
  if (born === undefined || at === undefined || at < born) return null;
  const ten = Math.floor((at - born) / 100_000) * 10;
  return ten >= 90 ? '90+' : `${ten}-${ten + 9}`;
}
