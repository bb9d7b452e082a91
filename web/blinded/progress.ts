import { and, eq, isNull } from 'drizzle-orm';
import type { BlindedReport } from '../../schemas/blinded.ts';
import { assignment } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Parts } from '../parts.ts';
import { barredFrom } from '../reading/assign.ts';
import { readersOfEvaluation } from '../reading/readers.ts';
import type { Copy } from './copies.ts';
import type { BlindedEntry } from './rows.ts';

type Progress = Pick<BlindedReport, 'readersPerCase' | 'assignment' | 'complete' | 'short' | 'readers'>;

/**
 * How far the readers are, of what each was given, and of how many exams nothing is asked any more. What nobody has read yet
 * is given out first.
 *
 * @param copies that are read
 * @param entries about them
 */
export async function progressOf(
  parts: Parts,
  evaluation: Evaluation,
  { copies, entries }: { readonly copies: readonly Copy[]; readonly entries: readonly BlindedEntry[] },
): Promise<Progress> {
  const { readersPerCase, assignment: by, readers: people } = await readersOfEvaluation(parts, evaluation);
  const reading = people.filter(({ reads }) => reads).map(({ reader }) => reader);
  const isOf = await pairs(parts, evaluation, reading);
  const exams = Map.groupBy(copies, ({ studyInstanceUid }) => studyInstanceUid);
  const sentBy = Map.groupBy(entries, ({ author }) => author);
  const hasSent = (reader: string) => new Set(sentBy.get(reader)?.map(({ copy }) => copy.id));
  const sent = new Map(
    [...new Set([...reading, ...isOf.readers, ...sentBy.keys()])].map((name) => [name, hasSent(name)]),
  );
  const readersOf = (study: string, of: readonly Copy[]) =>
    [...sent].filter(([reader, ids]) => isOf.given(study, reader) || of.some(({ id }) => ids.has(id)));

  const counted = [...exams].map(([study, of]) => {
    const own = readersOf(study, of);
    const done = own.filter(([, ids]) => of.every(({ id }) => ids.has(id)));
    const wanted = readersPerCase === 'all' ? Math.max(1, own.length) : readersPerCase;
    return { of, readers: own.map(([reader]) => reader), complete: done.length >= wanted, short: own.length < wanted };
  });
  return {
    readersPerCase,
    assignment: by,
    complete: counted.filter(({ complete }) => complete).length,
    short: counted.filter(({ short }) => short).length,
    readers: [...sent]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([reader, ids]) => ({
        reader,
        sent: ids.size,
        of: counted.reduce((sum, exam) => sum + (exam.readers.includes(reader) ? exam.of.length : 0), 0),
        corrections: sentBy.get(reader)?.filter(({ version }) => version > 1).length ?? 0,
        lastSentAt: sentBy.get(reader)?.at(-1)?.createdAt.toISOString() ?? null,
      })),
  };
}

/** To whom which exam was given; where everybody reads everything, to all who may read it. */
async function pairs({ database: { db } }: Parts, evaluation: Evaluation, reading: readonly string[]) {
  const { name } = evaluation;
  if (evaluation.reading.readersPerCase === 'all') {
    const rows = await db.execute<{ study_instance_uid: string; reader: string }>(barredFrom(evaluation, reading));
    const barred = new Set(rows.map((row) => `${row.study_instance_uid} ${row.reader}`));
    const given = (study: string, reader: string) => reading.includes(reader) && !barred.has(`${study} ${reader}`);
    return { readers: [], given };
  }
  const rows = await db
    .select({ study: assignment.studyInstanceUid, reader: assignment.reader })
    .from(assignment)
    .where(and(eq(assignment.evaluation, name), isNull(assignment.releasedAt)));
  const assigned = new Set(rows.map(({ study, reader }) => `${study} ${reader}`));
  const given = (study: string, reader: string) => assigned.has(`${study} ${reader}`);
  return { readers: rows.map(({ reader }) => reader), given };
}
