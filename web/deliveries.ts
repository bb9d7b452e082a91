import { html } from 'hono/html';
import { deliveriesOfRun } from '../lib/archive/deliveries.ts';
import type { DeliveryView } from '../schemas/api.ts';
import { runOfRequest } from './api/runs.ts';
import { type Html, moment } from './pages/layout.ts';
import type { WebContext } from './parts.ts';

/** `GET /api/v1/runs/<id>/deliveries`: what of a run was sent where, what waits, and what was refused and why. */
export async function getDeliveries(c: WebContext) {
  const run = await runOfRequest(c);
  return c.json({ deliveries: await deliveriesOfRun(c.var.parts.database, run.id) });
}

/** The same on the run's page; nothing where nothing is asked to be delivered. */
export function deliveriesCard(deliveries: readonly DeliveryView[]): Html | string {
  if (deliveries.length === 0) return '';
  return html`<section class="card"><h2>Delivery to receivers</h2>
<div class="scroll"><table class="deliveries">
<thead><tr><th scope="col">Receiver</th><th scope="col">Objects</th><th scope="col">State</th><th scope="col">Why</th></tr></thead>
<tbody>${deliveries.map(
    (delivery) => html`<tr><th scope="row">${delivery.receiver}</th><td class="number">${delivery.objects}</td>
<td>${state(delivery)}</td><td>${delivery.reason ?? ''}</td></tr>`,
  )}</tbody>
</table></div></section>`;
}

function state({ state, attempts, lastSentAt }: DeliveryView): Html {
  if (state === 'sent') return html`Sent ${lastSentAt === null ? '' : moment(lastSentAt)}`;
  if (state === 'refused') return html`<strong class="is-warning">Refused</strong>`;
  return attempts === 0
    ? html`Waiting for its turn`
    : html`Waiting, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
}
