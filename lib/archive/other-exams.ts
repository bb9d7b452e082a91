import { and, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { RunModel } from '../../schemas/run.ts';
import type { Database, Transaction } from '../database/connection.ts';
import { ADVISORY_LOCK } from '../database/locks.ts';

/** An exam of a patient. Dates as DICOM has them: YYYYMMDD and HHMMSS. */
export interface Exam {
  readonly studyInstanceUid: string;
  readonly studyDate: string | null;
  readonly studyTime: string | null;
  readonly studyDescription: string | null;
  /** When people last changed which exams the patient has, by merging or moving; left out or null: nobody did. */
  readonly patientChangedAt?: Date | null;
}

/** The models of a run as one text that is equal where they are. */
export function modelsText(models: Readonly<Record<string, Pick<RunModel, 'name' | 'version'>>>): string {
  return Object.values(models)
    .map(({ name, version }) => `${name}@${version}`)
    .sort()
    .join(' ');
}

/**
 * Every exam of the patient whose exam this is, itself included, in the order of their dates; those without a date last.
 * A patient is a PatientID and its issuer, and whomever people said is the same: without PatientID, and without such a
 * word, the exam has no others. Empty where the study is not held.
 */
export async function examsOfPatient(
  { db }: { readonly db: Pick<Database['db'], 'select'> },
  StudyInstanceUID: string,
): Promise<Exam[]> {
  const { patient, study } = tables;
  const of = db.select({ id: study.person }).from(study).where(eq(study.studyInstanceUid, StudyInstanceUID));
  const exams = await db
    .select({
      studyInstanceUid: study.studyInstanceUid,
      studyDate: study.studyDate,
      studyTime: study.studyTime,
      studyDescription: study.studyDescription,
      patientChangedAt: patient.changedAt,
    })
    .from(study)
    .innerJoin(patient, eq(patient.id, study.person))
    .where(inArray(study.person, of));
  const place = (exam: Exam) => `${exam.studyDate ?? '9'} ${exam.studyTime ?? ''} ${exam.studyInstanceUid}`;
  return exams.sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/**
 * The exams of the patient whose exam this is, as `examsOfPatient` has them: nobody merges or moves any of them until the
 * transaction ends.
 */
export async function holdExamsOfPatient(transaction: Transaction, StudyInstanceUID: string): Promise<Exam[]> {
  await transaction.execute(sql`select pg_advisory_xact_lock_shared(${ADVISORY_LOCK.patients})`);
  return examsOfPatient({ db: transaction }, StudyInstanceUID);
}

/**
 * Asks for the missing runs of a longitudinal pipeline: of the patient's other exams that hold something it admits,
 * those whose newest run is of other models, and those without any. An exam that is due anyway is left to itself.
 *
 * Only rows of `dispatch` are written, so no other study has to be locked: two exams of a patient that are completed at
 * one moment cannot wait for each other. Whatever an exam makes of being asked asks nothing more of this one, whose run
 * is there.
 *
 * @returns the exams that were asked
 */
export async function armOtherExams(
  transaction: Transaction,
  exam: {
    readonly StudyInstanceUID: string;
    readonly pipeline: Pipeline;
    readonly lastModels: string;
    readonly now: Date;
  },
): Promise<string[]> {
  const { dispatch } = tables;
  const asked: string[] = [];
  const others = await admittedExams(transaction, exam.StudyInstanceUID, exam.pipeline);
  const asks = { kind: 'prior' as const, by: exam.StudyInstanceUID };
  const armed = { dueAt: exam.now, triggers: [{ ...asks, at: exam.now.toISOString() }], note: null };
  for (const studyInstanceUid of others) {
    const made = await transaction
      .insert(dispatch)
      .values({
        studyInstanceUid,
        pipeline: exam.pipeline.name,
        quietSeconds: exam.pipeline.quietSeconds,
        origin: asks,
        onDemand: false,
        ...armed,
      })
      .onConflictDoNothing()
      .returning({ study: dispatch.studyInstanceUid });
    if (made.length > 0) {
      asked.push(studyInstanceUid);
      continue;
    }
    const again = await transaction
      .update(dispatch)
      .set(armed)
      .where(
        and(
          eq(dispatch.studyInstanceUid, studyInstanceUid),
          eq(dispatch.pipeline, exam.pipeline.name),
          isNull(dispatch.dueAt),
          or(isNull(dispatch.lastModels), ne(dispatch.lastModels, exam.lastModels)),
        ),
      )
      .returning({ study: dispatch.studyInstanceUid });
    if (again.length > 0) asked.push(studyInstanceUid);
  }
  return asked;
}

/**
 * Asks for the missing runs of exams that were joined with others of a person: by pipelines that follow their patients
 * over time and have run on one of them.
 *
 * @param change exams of each person, before and after
 * @returns what was asked for
 */
export async function askJoinedExams(
  transaction: Transaction,
  change: {
    readonly before: readonly (readonly string[])[];
    readonly after: readonly (readonly string[])[];
    readonly pipelines: ReadonlyMap<string, Pipeline>;
    readonly now: Date;
  },
): Promise<{ pipeline: string; studyInstanceUid: string }[]> {
  const { dispatch } = tables;
  const { before, after, now } = change;
  const joined = after.filter((exams) => !before.some((earlier) => exams.every((exam) => earlier.includes(exam))));
  const longitudinal = [...change.pipelines.values()].filter((pipeline) => pipeline.longitudinal);
  const asked: { pipeline: string; studyInstanceUid: string }[] = [];
  for (const exams of joined) {
    for (const pipeline of longitudinal) {
      const lastModels = modelsText(pipeline.models);
      const ran = await transaction
        .select({ uid: dispatch.studyInstanceUid, models: dispatch.lastModels })
        .from(dispatch)
        .where(
          and(
            inArray(dispatch.studyInstanceUid, [...exams]),
            eq(dispatch.pipeline, pipeline.name),
            isNotNull(dispatch.lastRun),
          ),
        )
        .orderBy(dispatch.studyInstanceUid);
      const first = ran.find(({ models }) => models === lastModels) ?? ran[0];
      if (first === undefined) continue;
      const missing = await armOtherExams(transaction, { StudyInstanceUID: first.uid, pipeline, lastModels, now });
      asked.push(...missing.map((studyInstanceUid) => ({ pipeline: pipeline.name, studyInstanceUid })));
    }
  }
  return asked;
}

/** The patient's other exams that hold an instance which the pipeline admits. */
async function admittedExams(
  transaction: Transaction,
  StudyInstanceUID: string,
  pipeline: Pipeline,
): Promise<string[]> {
  const { study, instance } = tables;
  const of = transaction.select({ id: study.person }).from(study).where(eq(study.studyInstanceUid, StudyInstanceUID));
  const rows = await transaction
    .selectDistinct({ uid: study.studyInstanceUid })
    .from(study)
    .innerJoin(instance, eq(instance.studyInstanceUid, study.studyInstanceUid))
    .where(
      and(
        inArray(study.person, of),
        ne(study.studyInstanceUid, StudyInstanceUID),
        inArray(instance.sopClassUid, pipeline.admits.SOPClassUID),
        eq(instance.own, false),
      ),
    );
  return rows.map(({ uid }) => uid).sort();
}
