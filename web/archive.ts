import {
  findStudies,
  type HeldStudy,
  type PatientView,
  patientOfStudy,
  type QuarantineReason,
  quarantineReasons,
  studyView,
} from '../lib/archive/read.ts';
import type { Database } from '../lib/database/connection.ts';

/** What the web asks of the archive. */
export interface ArchiveReader {
  /** StudyInstanceUIDs with this accession number or this UID, newest first. */
  findStudies(search: { readonly accession: string } | { readonly study: string }): Promise<readonly string[]>;
  /** What is held of a study, without its runs; undefined where nothing is. */
  studyView(StudyInstanceUID: string): Promise<HeldStudy | undefined>;
  quarantineReasons(StudyInstanceUID: string): Promise<readonly QuarantineReason[]>;
  /** For pages of people who are signed in; never logged, never in a URL. */
  patientOfStudy(StudyInstanceUID: string): Promise<PatientView | undefined>;
}

/** The archive's own reading functions, bound to a connection. */
export function archiveReader(database: Database): ArchiveReader {
  return {
    findStudies: (search) => findStudies(database, search),
    studyView: (study) => studyView(database, study),
    quarantineReasons: (study) => quarantineReasons(database, study),
    patientOfStudy: (study) => patientOfStudy(database, study),
  };
}
