import type { RunView } from '../../schemas/api.ts';
import type { Evaluation, FeedbackAnswer } from '../../schemas/evaluation.ts';
import type { WebContext } from '../parts.ts';
import { trendOf } from '../trend/read.ts';

/** An exam of the patient that a form asks about. */
export interface TimePoint {
  readonly studyInstanceUid: string;
  /** YYYYMMDD; null where it is not known any more. */
  readonly date: string | null;
}

/**
 * The exams that a form asks about one by one: those on the trend of the run, as who is asked may see it now; and those that
 * `answered` is about, which may have left the trend since. None where no question is about them.
 */
export async function timePointsOf(
  c: Pick<WebContext, 'var'>,
  { questions }: Pick<Evaluation, 'questions'>,
  run: RunView,
  answered: readonly FeedbackAnswer[] = [],
): Promise<TimePoint[]> {
  const names = questions.filter(({ per }) => per === 'time-point').map(({ name }) => name);
  if (names.length === 0) return [];
  const state = await trendOf(c, run);
  if (state === undefined) return [];
  const asked = new Set([
    ...state.trend.curves.flatMap(({ points }) => points.map(({ studyInstanceUid }) => studyInstanceUid)),
    ...answered.filter(({ question }) => names.includes(question)).map(({ subject }) => subject),
  ]);
  const { exams } = state.input;
  const known = exams.filter(({ studyInstanceUid }) => asked.has(studyInstanceUid));
  const gone = [...asked].filter((uid) => !exams.some(({ studyInstanceUid }) => studyInstanceUid === uid));
  return [
    ...known.map(({ studyInstanceUid, date }) => ({ studyInstanceUid, date })),
    ...gone.map((studyInstanceUid) => ({ studyInstanceUid, date: null })),
  ];
}
