import { html } from 'hono/html';
import type { QuarantinedInstance } from '../../schemas/api.ts';
import type { Parts } from '../parts.ts';
import { type Html, layout, moment, type Viewer } from './layout.ts';

/** `/quarantine`: what was received and is in no exam, and why; for administrators. */
export function quarantinePage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  instances: readonly QuarantinedInstance[],
): Html {
  return layout({
    parts,
    viewer,
    title: 'Quarantine',
    body: html`<div class="page-title"><h1>Quarantine</h1></div>
<p>What was received and cannot be told apart, or belongs to nobody for sure. It is kept as it came and stays out of every
run. Correct it at its source, then send it again.</p>
${
  instances.length === 0
    ? html`<section class="message"><h2>Nothing is in quarantine</h2></section>`
    : html`<div class="scroll"><table><thead><tr><th scope="col">Received</th><th scope="col">Why</th><th scope="col">Sent to</th><th scope="col">Exam</th></tr></thead>
<tbody>${instances.map(row)}</tbody></table></div>`
}`,
  });
}

function row({ studyInstanceUid, reason, calledAETitle, receivedAt }: QuarantinedInstance): Html {
  return html`<tr><td>${moment(receivedAt)}</td><td>${reason}</td><td>${calledAETitle}</td>
<td>${studyInstanceUid === null ? html`<span class="muted">unknown</span>` : html`<a href="/studies/${studyInstanceUid}">open</a>`}</td></tr>`;
}
