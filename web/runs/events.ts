import { streamSSE } from 'hono/streaming';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Uid } from '../../schemas/scalars.ts';
import { pipelinesFor } from '../accounts/rights.ts';
import type { WebContext } from '../parts.ts';
import type { RunChange } from './live.ts';
import { evaluatedPipeline, findRun } from './runs.ts';

/** Pages that may be held open at once. */
const MOST_STREAMS = 500;

/** A stream ends after this time; the browser opens it again, and is asked again who it is. */
const STREAM_LIMIT_MS = 5 * 60_000;

/** `GET /events`: a server-sent event `run` at every change of any run that the person may see. */
export function getEvents(c: WebContext) {
  const pipelines = pipelinesFor(c, 'view');
  if (pipelines === undefined) return stream(c, () => true);
  return stream(c, async ({ run }) => {
    const changed = await findRun(c.var.parts.database, run);
    return changed !== undefined && pipelines.includes(evaluatedPipeline(changed));
  });
}

/** `GET /studies/<StudyInstanceUID>/events`: of the runs on one study. A run's page hears these, so that it learns of newer runs too. */
export function getStudyEvents(c: WebContext) {
  const uid = Uid.safeParse(c.req.param('uid'));
  return stream(c, ({ studyInstanceUid }) => studyInstanceUid === uid.data);
}

function stream(c: WebContext, wanted: (change: RunChange) => boolean | Promise<boolean>) {
  // Nobody reads the body of an answer to HEAD, or gives it up: it would be held open to its limit.
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
  const { live } = c.var.parts;
  if (live.listening >= MOST_STREAMS) {
    throw new ProblemError(
      503,
      'Too many open pages',
      'Too many pages wait for changes. Reload the page to see what is new.',
    );
  }
  return streamSSE(c, (sse) => {
    return new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const tell = async (change: RunChange) => {
        if (await wanted(change)) await sse.writeSSE({ event: 'run', data: change.run });
      };
      const stop = live.listen((change) => {
        tell(change).catch(end);
      }, end);
      const timer = setTimeout(end, STREAM_LIMIT_MS);
      sse.onAbort(end);
      sse.writeSSE({ event: 'open', data: '' }).catch(end);
    });
  });
}
