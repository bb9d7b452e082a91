import { z } from 'zod';
import { RunView } from '../../schemas/api.ts';
import { RunId } from '../../schemas/run.ts';
import { Slug } from '../../schemas/scalars.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { may, pipelinesFor } from '../accounts/rights.ts';
import { parseOrRefuse } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { listUnreadable } from '../projection/unreadable.ts';
import { shownTo } from '../reading/sight.ts';
import { amendedAmong, listRuns, studiesWithRun } from '../runs/runs.ts';
import { seal, unseal } from '../seal.ts';
import { worklistPage } from './page.ts';

/** Runs on a page. */
const PAGE_SIZE = 50;

/** Exams that a search finds at most, the newest. */
const MOST_FOUND = 500;

/** Runs shown that cannot be read, the newest. */
const MOST_UNREADABLE = 20;

/** A choice that is not made comes as an empty field. */
const choice = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const WorklistQuery = z.object({
  pipeline: choice(Slug),
  status: choice(RunView.shape.status),
  before: choice(RunId),
  /** What was searched for, sealed. */
  search: choice(z.string().max(2000)),
});

const Search = z.object({ text: z.string().trim().max(200, 'at most 200 characters') });

/** `GET /`: the runs, newest first; of a search, those on the exams found. */
export async function getWorklist(c: WebContext) {
  const { parts, person } = c.var;
  const { pipeline, status, before, search: sealed } = parseOrRefuse(WorklistQuery, c.req.query());
  const text = sealed === undefined ? undefined : unseal(parts.launchKey, sealed);
  if (sealed !== undefined && text === undefined) return c.redirect('/', 303);
  const found = text === undefined ? undefined : await parts.archive.searchExams(text, MOST_FOUND);
  const studies = found?.map(({ studyInstanceUid }) => studyInstanceUid);
  await noteLook(c, 'worklist-viewed', 'worklist');
  const pipelines = pipelinesFor(c, 'view');
  const filter = { studies, pipeline, pipelines, status, before, limit: PAGE_SIZE + 1 };
  const listed = await listRuns(parts.database, filter);
  const runs = await shownTo(c, listed.slice(0, PAGE_SIZE));
  const list = {
    runs,
    amended: await amendedAmong(parts.database, runs),
    exams: await parts.archive.findExams(runs.map(({ studyInstanceUid }) => studyInstanceUid)),
    filter: { pipeline, status, search: sealed },
    search:
      text === undefined
        ? undefined
        : { text, withoutRun: pipelines === undefined ? await withoutRun(c, found ?? []) : [] },
    next: listed.length > PAGE_SIZE ? (runs.at(-1)?.id ?? null) : null,
    paged: before !== undefined,
    unreadable: may(person, 'retry-runs', null) ? await listUnreadable(parts.database, MOST_UNREADABLE) : [],
  };
  return c.html(worklistPage(parts, viewerOf(c), list));
}

/** `POST /search`: goes on at once to an address that does not show what was searched for. */
export async function postSearch(c: WebContext) {
  const { 'form-token': token, ...fields } = await c.req.parseBody();
  requireFormToken(c, token);
  const { text } = parseOrRefuse(Search, fields);
  return c.redirect(text === '' ? '/' : `/?search=${seal(c.var.parts.launchKey, text)}`, 303);
}

/** Exams that were found and that no pipeline has run on. */
async function withoutRun<Exam extends { studyInstanceUid: string }>(
  c: WebContext,
  exams: readonly Exam[],
): Promise<Exam[]> {
  const studies = exams.map(({ studyInstanceUid }) => studyInstanceUid);
  const withRun = await studiesWithRun(c.var.parts.database, studies);
  return exams.filter(({ studyInstanceUid }) => !withRun.has(studyInstanceUid));
}
