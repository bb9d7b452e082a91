import { html } from 'hono/html';
import type { DeliveryView, RunView } from '../../schemas/api.ts';
import { evaluationOf, may } from '../accounts/rights.ts';
import { type Html, moment, viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { evaluatedPipeline } from '../runs/runs.ts';

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
