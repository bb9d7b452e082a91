import { html } from 'hono/html';
import { deliveriesOfRun } from '../../lib/archive/deliveries.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { evaluationOf, requireRight } from '../accounts/rights.ts';
import { examOf } from '../archive.ts';
import { recordPageView } from '../audit/looks.ts';
import { deliveriesCard } from '../deliveries/card.ts';
import { formOfRun } from '../feedback/sections.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { revealedTo } from '../reading/case.ts';
import { shownTo } from '../reading/sight.ts';
import { trendCard } from '../trend/page.ts';
import { trendOf } from '../trend/read.ts';
import { editsCard } from '../viewer/cards.ts';
import { sendCard } from '../viewer/send.ts';
import { retry, runOfRequest, wholeRunOfRequest } from './api.ts';
import { runPage } from './page.ts';
import { editsOf, relatedRuns } from './runs.ts';

/** `GET /runs/<id>` */
export async function getRunPage(c: WebContext) {
  const { parts } = c.var;
  const run = await wholeRunOfRequest(c);
  const viewer = viewerOf(c);
  const [revealed, related, exam, feedback, edits, deliveries] = await Promise.all([
    revealedTo(parts, c.var.person, [run]),
    relatedRuns(parts.database, run),
    examOf(parts, run.studyInstanceUid),
    formOfRun(c, run, viewer),
    editsOf(parts.database, run),
    deliveriesOfRun(parts.database, run.id),
  ]);
  const withheld = !revealed.has(run.id);
  const trend = withheld ? undefined : await trendOf(c, run);
  await recordPageView(c, 'run-viewed', run.id);
  return c.html(
    runPage(parts, viewer, {
      run,
      related,
      exam,
      feedback,
      withheld,
      edits: withheld ? '' : editsCard(await shownTo(c, edits)),
      deliveries: html`${deliveriesCard(c, run, deliveries)}${withheld ? '' : await sendCard(c, run)}`,
      trend: trend === undefined ? '' : trendCard(trend, run),
    }),
  );
}

/** `POST /runs/<id>/retry` */
export async function postRetryForm(c: WebContext) {
  const { 'form-token': token } = await c.req.parseBody();
  requireFormToken(c, token);
  const run = await runOfRequest(c);
  requireRight(c, 'retry-runs', evaluationOf(c, run.pipeline));
  await retry(c, run.id);
  return c.redirect(`/runs/${run.id}`, 303);
}
