import type { Database } from '../lib/database/connection.ts';
import type { ArchiveReader } from './parts.ts';

/** The archive's own reading functions, bound to a connection. */
export function archiveReader(_database: Database): ArchiveReader {
  return {
    findStudies: async () => [],
    studyView: async () => undefined,
    patientOfStudy: async () => undefined,
  };
}
