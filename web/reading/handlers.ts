import { z } from 'zod';
import { Stage } from '../../schemas/evaluation.ts';
import { notFound } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import { blindedLists, getNextCopy } from '../blinded/list.ts';
import { shownExams } from '../blinded/list-page.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { giveOut } from './give-out.ts';
import { type ReadingList, readingList } from './list.ts';
import { readingPage } from './page.ts';
import { participantOf } from './participant.ts';

/** Exams shown of each evaluation. */
const MOST_SHOWN = 20;

/** Exams in an answer of the API, of each evaluation. */
const MOST_LISTED = 500;

/** Answer of `GET /api/v1/reading`. */
export const ReadingListView = z.object({
  evaluations: z.array(
    z.object({
      evaluation: z.string(),
      /** The longest waiting first. */
      cases: z.array(z.object({ run: z.string(), studyInstanceUid: z.string(), stage: Stage, createdAt: z.string() })),
      /** There are more than are listed. */
      more: z.boolean(),
      /** Exams that who asks has sent everything for. */
      done: z.int(),
    }),
  ),
});

/** `GET /reading`: what waits for the person who is signed in. */
export async function getReadingPage(c: WebContext) {
  const { parts } = c.var;
  const [lists, blinded] = await Promise.all([listsFor(c, MOST_SHOWN), blindedLists(c)]);
  const studies = [...lists.values()].flatMap(({ cases }) => cases.map(({ studyInstanceUid }) => studyInstanceUid));
  const exams = await parts.archive.findExams([...studies, ...shownExams(blinded)]);
  await noteLook(c, 'worklist-viewed', 'reading');
  return c.html(readingPage(parts, viewerOf(c), { lists, blinded, exams }));
}

/** `GET /reading/<evaluation>/next`: goes on to the exam that has waited longest, or back to the list. */
export async function getNextCase(c: WebContext) {
  if (c.var.parts.blinded.has(c.req.param('evaluation') ?? '')) return getNextCopy(c);
  const evaluation = [...c.var.parts.evaluations.values()].find(({ name }) => name === c.req.param('evaluation'));
  if (evaluation === undefined) throw notFound('evaluation');
  const [next] = (await listsFor(c, 1)).get(evaluation.name)?.cases ?? [];
  return c.redirect(next === undefined ? '/reading' : `/runs/${next.run}`, 303);
}

/** `GET /api/v1/reading` */
export async function getReading(c: WebContext) {
  const lists = await listsFor(c, MOST_LISTED);
  const evaluations = [...lists].map(([evaluation, { cases, more, done }]) => ({
    evaluation,
    cases: cases.map((one) => ({ ...one, createdAt: one.createdAt.toISOString() })),
    more,
    done,
  }));
  return c.json({ evaluations } satisfies z.infer<typeof ReadingListView>);
}

/** By the names of the evaluations in which the person is asked anything. */
async function listsFor(c: WebContext, limit: number): Promise<Map<string, ReadingList>> {
  const { parts } = c.var;
  const lists = new Map<string, ReadingList>();
  for (const evaluation of parts.evaluations.values()) {
    const person = participantOf(c.var.person, evaluation);
    if (!person.reads && !person.reviewsQuality && !person.adjudicates) continue;
    await giveOut(parts, evaluation);
    lists.set(evaluation.name, await readingList(parts.database, evaluation, person, limit));
  }
  return lists;
}
