import { z } from 'zod';
import { sha256 } from '../../lib/runs/canonical.ts';
import { type Look, lookedAt } from '../../lib/runs/trend.ts';
import type { Trend, TrendState } from '../../schemas/trend.ts';
import { notFound, parseOrRefuse } from '../api/parse.ts';
import type { WebContext } from '../parts.ts';

/** Query of a look at a trend. A field that is left empty says nothing. */
export const LookQuery = z.object({
  /** `examId` of the exam to compare with. */
  baseline: z
    .string()
    .regex(/^([0-9a-f]{16})?$/, 'an exam is named by 16 hexadecimal digits')
    .default(''),
  /** Growth above which an exam is flagged, in percent. */
  threshold: z.literal('').or(z.coerce.number<string>().positive().max(10_000)).default(''),
});

/** What an exam is called in an address: it tells nothing of study or patient. */
export function examId(StudyInstanceUID: string): string {
  return sha256(StudyInstanceUID).slice(0, 16);
}

/**
 * The other baseline or threshold that an address asks for; undefined where it asks for none.
 *
 * @throws {ProblemError} 400: it cannot be understood; 404: the exam is none of this trend
 */
export function lookOf(c: WebContext, state: TrendState): Look | undefined {
  const { baseline, threshold } = parseOrRefuse(LookQuery, c.req.query());
  if (baseline === '' && threshold === '') return undefined;
  const exam = state.input.exams.find(({ studyInstanceUid }) => examId(studyInstanceUid) === baseline);
  if (baseline !== '' && exam === undefined) throw notFound('exam');
  return { baseline: exam?.studyInstanceUid, progression: threshold === '' ? undefined : threshold / 100 };
}

/** The trend as it is looked at: nothing of it is stored, or part of a state or a report. */
export function trendToShow(state: TrendState, look: Look | undefined): Trend {
  return look === undefined ? state.trend : lookedAt(state, look);
}
