import { z } from 'zod';
import { ProblemError } from '../lib/platform/problem.ts';
import { Uid } from '../schemas/scalars.ts';
import { pipelinesFor } from './accounts/rights.ts';
import { launchPage } from './pages/launch.ts';
import { viewerOf } from './pages/layout.ts';
import type { WebContext } from './parts.ts';
import { listRuns } from './runs.ts';
import { seal, unseal } from './seal.ts';
import { themeOf } from './theme.ts';

/** What a PACS may ask for. AccessionNumber: at most 16 characters (PS3.5 6.2, SH). */
const LaunchQuery = z.union([
  z.object({ accession: z.string().trim().min(1).max(64), study: z.undefined().optional() }),
  z.object({ study: Uid, accession: z.undefined().optional() }),
]);

const Search = z.union([z.object({ accession: z.string() }), z.object({ study: Uid })]);
type Search = z.infer<typeof Search>;

/**
 * `GET /launch?accession=…|study=…`: goes on at once to an address that holds neither. What was asked for travels
 * encrypted in it: nothing is stored for somebody who is not signed in, and nobody can read it off the screen or a log.
 */
export function getLaunch(c: WebContext) {
  const { launchKey } = c.var.parts;
  const query = LaunchQuery.safeParse(c.req.query());
  if (!query.success) {
    throw new ProblemError(
      400,
      'Nothing to open',
      'Give either an accession number or a StudyInstanceUID: `/launch?accession=…` or `/launch?study=…`.',
    );
  }
  const { accession, study } = query.data;
  const search = accession === undefined ? { study } : { accession };
  c.header('Referrer-Policy', 'no-referrer');
  return c.redirect(`/launch/${seal(launchKey, JSON.stringify(search))}`, 303);
}

/** `GET /launch/<sealed>`: the one run, a choice of several, the exam while it has none, or a page that waits. */
export async function getLaunched(c: WebContext) {
  const { parts } = c.var;
  const search = opened(parts.launchKey, c.req.param('sealed') ?? '');
  const found = new Set(await parts.archive.findStudies(search));
  if ('study' in search) found.add(search.study);
  const studies = [...found];
  const pipelines = pipelinesFor(c, 'view');
  const runs = (
    await Promise.all(
      studies.map((studyInstanceUid) => listRuns(parts.database, { studyInstanceUid, pipelines, limit: 50 })),
    )
  ).flat();
  const newest = newestOfEach(runs);
  const [only] = newest;
  if (newest.length === 1 && only !== undefined) return c.redirect(`/runs/${only.id}`, 303);
  const views = await Promise.all(studies.map((study) => parts.archive.studyView(study)));
  const held = views.filter((view) => view !== undefined);
  return c.html(launchPage(parts, viewerOf(c, themeOf(c)), { runs: newest, studies: held, now: parts.now() }));
}

/** Of each pipeline on each study the newest run that is no replay. Runs come newest first. */
function newestOfEach<R extends { pipeline: string; studyInstanceUid: string; replayOf: string | null }>(
  runs: readonly R[],
): R[] {
  const byWork = new Map<string, R>();
  for (const run of runs.filter(({ replayOf }) => replayOf === null)) {
    const work = `${run.studyInstanceUid} ${run.pipeline}`;
    if (!byWork.has(work)) byWork.set(work, run);
  }
  return [...byWork.values()];
}

function opened(key: Buffer, sealed: string): Search {
  const text = unseal(key, sealed);
  const search = text === undefined ? undefined : Search.safeParse(JSON.parse(text));
  if (search?.success === true) return search.data;
  throw new ProblemError(
    404,
    'This address has run out',
    'It was made before Overread was started anew. Open the exam from the PACS again.',
  );
}
