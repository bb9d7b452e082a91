import { type ExamFacts, examFacts } from '../lib/archive/exam-facts.ts';
import { type ExamView, findExams, searchExams } from '../lib/archive/exams.ts';
import type { IngestContext } from '../lib/archive/ingest.ts';
import { type Exam, examsOfPatient } from '../lib/archive/other-exams.ts';
import { listPatientStatements } from '../lib/archive/patient-statements.ts';
import { type PatientEffects, previewPatientChange, type Stated, statePatientChange } from '../lib/archive/patients.ts';
import {
  type DecisionOutcome,
  decideQuarantined,
  findQuarantined,
  type QuarantineDecision,
  type QuarantinedFile,
} from '../lib/archive/quarantine.ts';
import {
  findStudies,
  type HeldStudy,
  type PatientView,
  patientOfStudy,
  type QuarantineReason,
  quarantinedInstances,
  quarantineReasons,
  studyView,
} from '../lib/archive/read.ts';
import type { Database, Transaction } from '../lib/database/connection.ts';
import type { QuarantinedInstance } from '../schemas/api.ts';
import type { AskedChange, PatientStatementView } from '../schemas/patients.ts';
import type { Pipeline } from '../schemas/pipeline.ts';

/** What the web asks of the archive. */
export interface ArchiveReader {
  /** StudyInstanceUIDs with this accession number or this UID, newest first. */
  findStudies(search: { readonly accession: string } | { readonly study: string }): Promise<readonly string[]>;
  /** What is held of a study, without its runs; undefined where nothing is. */
  studyView(StudyInstanceUID: string): Promise<HeldStudy | undefined>;
  quarantineReasons(StudyInstanceUID: string): Promise<readonly QuarantineReason[]>;
  /** What waits in quarantine, of one study or of all and of none, newest first. */
  quarantinedInstances(search: {
    readonly study?: string | undefined;
    readonly limit: number;
  }): Promise<readonly QuarantinedInstance[]>;
  /** For pages of people who are signed in; never logged, never in a URL. */
  patientOfStudy(StudyInstanceUID: string): Promise<PatientView | undefined>;
  /** Whose exams these are, and which; by StudyInstanceUID. As of the patient: never logged, never in a URL. */
  findExams(studies: readonly string[]): Promise<ReadonlyMap<string, ExamView>>;
  /** Exams that a person looks for by name, number, description or date; the one received last comes first. */
  searchExams(text: string, limit: number): Promise<readonly ExamView[]>;
  /** What a report may say of these exams, by StudyInstanceUID: nothing that names the person. */
  examFacts(studies: readonly string[], key: Buffer): Promise<ReadonlyMap<string, ExamFacts>>;
  /** All exams of the patient whose exam this is, by date. */
  examsOfPatient(StudyInstanceUID: string): Promise<readonly Exam[]>;
}

/** The archive's own reading functions, bound to a connection. */
export function archiveReader(database: Database): ArchiveReader {
  return {
    findStudies: (search) => findStudies(database, search),
    studyView: (study) => studyView(database, study),
    quarantineReasons: (study) => quarantineReasons(database, study),
    quarantinedInstances: (search) => quarantinedInstances(database, search),
    patientOfStudy: (study) => patientOfStudy(database, study),
    findExams: (studies) => findExams(database, studies),
    searchExams: (text, limit) => searchExams(database, text, limit),
    examFacts: (studies, key) => examFacts(database, studies, key),
    examsOfPatient: (study) => examsOfPatient(database, study),
  };
}

/** Whose exam it is, and which; undefined where it is not held. */
export async function examOf(
  { archive }: { readonly archive: ArchiveReader },
  StudyInstanceUID: string,
): Promise<ExamView | undefined> {
  return (await archive.findExams([StudyInstanceUID])).get(StudyInstanceUID);
}

/** What waits for a person's decision, and the decision. */
export interface Quarantine {
  find(sha256: string): Promise<QuarantinedFile | undefined>;
  decide(sha256: string, decision: QuarantineDecision): Promise<DecisionOutcome | undefined>;
}

/** What people say about who is who. */
export interface Patients {
  /** Newest first. */
  list(): Promise<PatientStatementView[]>;
  /** What a change would do. @throws {PatientChangeError} */
  preview(change: AskedChange): Promise<PatientEffects>;
  /** Keeps a statement and lets the index follow, in the transaction given. @throws {PatientChangeError} */
  state(transaction: Transaction, said: Parameters<typeof statePatientChange>[1]): Promise<Stated>;
}

/** @param pipelines say which runs joined exams miss */
export function patientsOf({
  database,
  pipelines,
}: {
  readonly database: Database;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
}): Patients {
  return {
    list: () => listPatientStatements(database),
    preview: (change) => previewPatientChange(database, change, pipelines),
    state: (transaction, said) => statePatientChange(transaction, said, pipelines),
  };
}

/** @param context says where a released instance goes */
export function quarantineOf(context: IngestContext): Quarantine {
  return {
    find: (sha256) => findQuarantined(context, sha256),
    decide: (sha256, decision) => decideQuarantined(context, sha256, decision),
  };
}
