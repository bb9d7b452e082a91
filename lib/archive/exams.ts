import { type AnyColumn, and, desc, eq, ilike, inArray, or, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Database, Queries } from '../database/connection.ts';
import type { PatientView } from './read.ts';

/** Whose exam it is, and which one. PHI: for pages of people who are signed in; never logged, never in a URL. */
export interface ExamView extends PatientView {
  readonly studyInstanceUid: string;
  readonly accessionNumber: string | null;
  /** As DICOM has it: YYYYMMDD. */
  readonly studyDate: string | null;
  readonly studyDescription: string | null;
  /** People said that it is of somebody else than its images state. */
  readonly isRestated?: boolean;
}

/** Words of a search that count; the others are left out. */
const MOST_WORDS = 8;

const { patient, study } = tables;

const COLUMNS = {
  studyInstanceUid: study.studyInstanceUid,
  accessionNumber: study.accessionNumber,
  studyDate: study.studyDate,
  studyDescription: study.studyDescription,
  name: patient.name,
  patientId: patient.patientId,
  birthDate: patient.birthDate,
  sex: patient.sex,
  isRestated: sql<boolean>`${study.person} <> ${study.patient}`,
};

/** The exams with these StudyInstanceUIDs; one that is not held is left out. */
export async function findExams(
  database: { readonly db: Queries },
  studies: readonly string[],
): Promise<ReadonlyMap<string, ExamView>> {
  if (studies.length === 0) return new Map();
  const rows = await database.db
    .select(COLUMNS)
    .from(study)
    .innerJoin(patient, eq(patient.id, study.person))
    .where(inArray(study.studyInstanceUid, [...studies]));
  return new Map(rows.map((row) => [row.studyInstanceUid, viewOf(row)]));
}

/**
 * Exams of which every word of the text is found in the patient's name or PatientID, the AccessionNumber, the study's
 * description or date (`20260131` or `2026-01-31`), or is its StudyInstanceUID; the one received last comes first.
 * Letter case does not count. A text without words finds nothing.
 */
export async function searchExams(database: Database, text: string, limit: number): Promise<ExamView[]> {
  const words = text
    .split(/[\s,^]+/)
    .filter((word) => word !== '')
    .slice(0, MOST_WORDS);
  if (words.length === 0) return [];
  const rows = await database.db
    .select(COLUMNS)
    .from(study)
    .innerJoin(patient, eq(patient.id, study.person))
    .where(and(...words.map(holds)))
    .orderBy(desc(study.lastReceivedAt), desc(study.studyInstanceUid))
    .limit(limit);
  return rows.map(viewOf);
}

/** One query for each column, joined: an index of parts of words serves each of them, and none serves an `or` over two tables. */
function holds(word: string) {
  // A database in the locale C knows the letter case of ASCII only: what lies beyond is asked for in both.
  const isAscii = /^[\x20-\x7e]*$/.test(word);
  const spellings = new Set(isAscii ? [word] : [word, word.toLowerCase(), word.toUpperCase()]);
  const patterns = [...spellings].map((spelling) => `%${spelling.replaceAll(/[\\%_]/g, '\\$&')}%`);
  // Whoever was merged into somebody is found by the name and number of before, too.
  const person = sql`coalesce(${patient.mergedInto}, ${patient.id})`;
  const like = (column: AnyColumn) => or(...patterns.map((pattern) => ilike(column, pattern)));
  const [, year, month, day] = /^(\d{4})-?(\d\d)-?(\d\d)$/.exec(word) ?? [];
  const itself = year === undefined ? undefined : eq(study.studyDate, `${year}${month}${day}`);
  return sql`${study.studyInstanceUid} in (
    select ${study.studyInstanceUid} from ${study} where ${or(eq(study.studyInstanceUid, word), itself)}
    union select ${study.studyInstanceUid} from ${study} where ${like(study.accessionNumber)}
    union select ${study.studyInstanceUid} from ${study} where ${like(study.studyDescription)}
    union select ${study.studyInstanceUid} from ${study} where ${study.person} in (
      select ${person} from ${patient} where ${like(patient.name)}
      union select ${person} from ${patient} where ${like(patient.patientId)}))`;
}

/** An empty PatientID says nothing. */
function viewOf(row: ExamView): ExamView {
  return row.patientId === '' ? { ...row, patientId: null } : row;
}
