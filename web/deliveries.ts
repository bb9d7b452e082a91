import { html } from 'hono/html';
import { askAgain, deliveriesOfRun } from '../lib/archive/deliveries.ts';
import { ProblemError } from '../lib/platform/problem.ts';
import type { DeliveryView, RunView } from '../schemas/api.ts';
import { audit } from '../schemas/database/web.ts';
import { requireFormToken } from './accounts/gate.ts';
import { evaluationOf, may, requireRight } from './accounts/rights.ts';
import type { AuditAction } from './audit.ts';
import { type Html, moment, viewerOf } from './pages/layout.ts';
import type { WebContext } from './parts.ts';
import { runOfRequest } from './runs/api.ts';
import { evaluatedPipeline } from './runs/runs.ts';

/** `GET /api/v1/runs/<id>/deliveries`: what of a run was sent where, what waits, and what was refused and why. */
export async function getDeliveries(c: WebContext) {
  const run = await runOfRequest(c);
  return c.json({ deliveries: await deliveriesOfRun(c.var.parts.database, run.id) });
}

/** `POST /api/v1/runs/<id>/deliveries/again`: 202 with what became of what had been refused. */
export async function postDeliveriesAgain(c: WebContext) {
  const run = await runOfRequest(c);
  await again(c, run);
  return c.json({ deliveries: await deliveriesOfRun(c.var.parts.database, run.id) }, 202);
}

/** `POST /runs/<id>/deliveries/again`: from the page. */
export async function postDeliveriesAgainForm(c: WebContext) {
  const form = await c.req.parseBody();
  requireFormToken(c, form['form-token']);
  const run = await runOfRequest(c);
  await again(c, run);
  return c.redirect(`/runs/${run.id}`, 303);
}

/** Asks again for what was refused, with the audit, in one transaction. @throws {ProblemError} 409: nothing was refused */
async function again(c: WebContext, run: RunView): Promise<void> {
  const { parts, person } = c.var;
  const evaluation = evaluationOf(c, evaluatedPipeline(run));
  requireRight(c, 'retry-runs', evaluation);
  const now = parts.now();
  await parts.database.db.transaction(async (transaction) => {
    const waiting = await askAgain(transaction, run.id, { receivers: parts.receivers, now });
    if (waiting === undefined)
      throw new ProblemError(409, 'Nothing to ask for', 'No receiver was refused anything of this run.');
    const action: AuditAction = 'delivery-asked-again';
    const detail = waiting.length === 0 ? 'refused again' : `to ${waiting.join(', ')}`;
    await transaction
      .insert(audit)
      .values({ at: now, actor: person.name, action, subject: run.id, detail, evaluation });
  });
}

/** What became of a run's objects, on its page; nothing where nothing is asked to be delivered. */
export function deliveriesCard(c: WebContext, run: RunView, deliveries: readonly DeliveryView[]): Html | string {
  if (deliveries.length === 0) return '';
  return html`<section class="card"><h2>Delivery to receivers</h2>
<div class="scroll"><table class="deliveries">
<thead><tr><th scope="col">Receiver</th><th scope="col">Objects</th><th scope="col">State</th><th scope="col">Why</th></tr></thead>
<tbody>${deliveries.map(
    (delivery) => html`<tr><th scope="row">${delivery.receiver}</th><td class="number">${delivery.objects}</td>
<td>${state(delivery)}</td><td>${delivery.reason ?? ''}</td></tr>`,
  )}</tbody>
</table></div>${deliveries.some((delivery) => delivery.state === 'refused') ? againForm(c, run) : ''}</section>`;
}

function againForm(c: WebContext, run: RunView): Html | string {
  if (!may(c.var.person, 'retry-runs', evaluationOf(c, evaluatedPipeline(run)))) return '';
  const { formToken } = viewerOf(c);
  return html`<form method="post" action="/runs/${run.id}/deliveries/again"><input type="hidden" name="form-token" value="${formToken}">
<p class="help">If the reason no longer holds, what was refused can be sent after all. It is looked into again before anything goes out.</p>
<div class="actions"><button>Ask again</button></div></form>`;
}

function state({ state, attempts, lastSentAt }: DeliveryView): Html {
  if (state === 'sent') return html`Sent ${lastSentAt === null ? '' : moment(lastSentAt)}`;
  if (state === 'refused') return html`<strong class="is-warning">Refused</strong>`;
  return attempts === 0
    ? html`Waiting for its turn`
    : html`Waiting, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
}
