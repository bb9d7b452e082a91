import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import { Slug, Uid } from '../../schemas/scalars.ts';
import { pipelinesFor } from '../accounts/rights.ts';
import { insecure, mayTellPassword, openSession } from '../accounts/sign-in.ts';
import { record } from '../audit/audit.ts';
import { noteLook } from '../audit/looks.ts';
import { nextOnExams } from '../blinded/list.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { listRuns } from '../runs/runs.ts';
import { seal, unseal } from '../seal.ts';
import { maySeeStudy } from '../studies/sight.ts';
import { launchPage } from './page.ts';
import { acceptSigned, type LaunchRefusal, namesPerson } from './signed.ts';

/** What a PACS may ask for. AccessionNumber: at most 16 characters (PS3.5 6.2, SH). */
const LaunchQuery = z.union([
  z.object({
    accession: z.string().trim().min(1).max(64),
    study: z.undefined().optional(),
    evaluation: Slug.optional(),
  }),
  z.object({ study: Uid, accession: z.undefined().optional(), evaluation: Slug.optional() }),
]);

const Search = z.union([
  z.object({ accession: z.string(), evaluation: Slug.optional() }),
  z.object({ study: Uid, evaluation: Slug.optional() }),
]);
type Search = z.infer<typeof Search>;

/** What somebody is told whose signed link is not followed. All of them can open the exam again, or sign in by hand. */
const REFUSALS: Readonly<Record<LaunchRefusal, readonly [title: string, why: string]>> = {
  'not-allowed': ['Signed links are not allowed here', 'This site lets nobody in by a link of the PACS alone.'],
  changed: ['This link was changed', 'It is not as the PACS signed it, or another system made it.'],
  'too-long': ['This link is good for too long', 'The PACS makes links that last longer than this site allows.'],
  expired: ['This link has expired', 'A link of the PACS is good for a short time only.'],
  used: ['This link was used already', 'A link of the PACS is good once only.'],
  'unknown-person': ['You have no account here', 'The link names somebody who has no account here, or a disabled one.'],
};
const WAY_ON = 'Open the exam from the PACS again, or sign in with your name and password.';

/**
 * `GET /launch?accession=…|study=…[&evaluation=…]`: goes on at once to an address that holds none of it. What was asked for
 * travels encrypted in it: nothing is stored for somebody who is not signed in, and nobody can read it off the screen or a
 * log. Where the PACS names and signs for a person (`user`, `expires`, `nonce`, `signature`), they are signed in by it.
 */
export async function getLaunch(c: WebContext) {
  const { launchKey } = c.var.parts;
  c.header('Referrer-Policy', 'no-referrer');
  const query = LaunchQuery.safeParse(c.req.query());
  if (!query.success) {
    throw new ProblemError(
      400,
      'Nothing to open',
      'The PACS named no exam, or two: its button must call /launch?accession=… or /launch?study=… with one number. Tell its administrator, and search on the worklist meanwhile.',
    );
  }
  if (namesPerson(c.req.query())) {
    if (!mayTellPassword(c)) return insecure(c);
    await signIn(c);
  }
  const { accession, study, evaluation } = query.data;
  const search: Search = { ...(accession === undefined ? { study } : { accession }), evaluation };
  return c.redirect(`/launch/${seal(launchKey, JSON.stringify(search))}`, 303);
}

/** Opens a session of whom the link names. @throws {ProblemError} 403 and why */
async function signIn(c: WebContext): Promise<void> {
  const { parts } = c.var;
  const isOnce = Object.values(c.req.queries()).every((values) => values.length === 1);
  const accepted = isOnce ? await acceptSigned(parts, c.req.query()) : ({ refused: 'changed' } as const);
  const at = parts.now();
  if (!('refused' in accepted)) {
    const { user } = accepted;
    await openSession(c, user);
    return record(parts.database, { actor: user, action: 'signed-in-by-launch', subject: user, at });
  }
  const { refused, user } = accepted;
  parts.log.warn({ refused }, 'a signed link was not followed');
  // Without a good signature anybody could fill the audit.
  if (user !== undefined) {
    await record(parts.database, { actor: 'nobody', action: 'launch-refused', subject: user, detail: refused, at });
  }
  const [title, why] = REFUSALS[refused];
  throw new ProblemError(403, title, `${why} ${WAY_ON}`);
}

/** `GET /launch/<sealed>`: the one run, all results and forms of the exam, or a page that waits for them. */
export async function getLaunched(c: WebContext) {
  const { parts } = c.var;
  const search = opened(parts.launchKey, c.req.param('sealed') ?? '');
  const found = new Set(await parts.archive.findStudies(search));
  if ('study' in search) found.add(search.study);
  const studies = [...found];
  const pipelines = pipelinesWanted(c, search.evaluation);
  const runs = (
    await Promise.all(
      studies.map((studyInstanceUid) => listRuns(parts.database, { studyInstanceUid, pipelines, limit: 50 })),
    )
  ).flat();
  const newest = newestOfEach(runs);
  const [only] = newest;
  if (newest.length === 1 && only !== undefined) return c.redirect(`/runs/${only.id}`, 303);
  const copy = newest.length === 0 ? await nextOnExams(c, studies, search.evaluation) : undefined;
  if (copy !== undefined) return c.redirect(`/copies/${copy}`, 303);
  const views = await Promise.all(studies.map((study) => parts.archive.studyView(study)));
  const held = views.filter((view) => view !== undefined);
  const seen = await Promise.all(studies.map((study) => maySeeStudy(c, study)));
  const exams = await parts.archive.findExams(studies.filter((_, index) => seen[index]));
  for (const study of exams.keys()) await noteLook(c, 'study-viewed', study);
  const shown = { runs: newest, studies: held, exams, now: parts.now() };
  return c.html(launchPage(parts, viewerOf(c), shown));
}

/** Pipelines whose results are looked for: of the evaluation that the PACS named, as far as somebody may see it. */
function pipelinesWanted(c: WebContext, evaluation: string | undefined): readonly string[] | undefined {
  const visible = pipelinesFor(c, 'view');
  if (evaluation === undefined) return visible;
  const wanted = [...c.var.parts.evaluations.values()].filter(({ name }) => name === evaluation);
  return wanted.map(({ pipeline }) => pipeline).filter((pipeline) => visible?.includes(pipeline) ?? true);
}

/** Of each pipeline on each study the newest run that is no replay. What readers edited is on the page of its result. Runs come newest first. */
function newestOfEach(runs: readonly RunView[]): RunView[] {
  const byWork = new Map<string, RunView>();
  const own = runs.filter(({ replayOf, imported }) => replayOf === null && (imported?.edits ?? null) === null);
  for (const run of own) {
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
