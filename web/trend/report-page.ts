import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { TrendReportView } from '../../schemas/trend.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';

/** How often the page looks what became of what was sent, s. */
const LOOK_AGAIN_S = 3;

type Run = Pick<RunView, 'id'>;

/** There is a report; there is none until something is done; or the one that the address names is not the newest. */
export type ReportPage = { readonly run: Run } & (
  | { readonly report: TrendReportView }
  | { readonly obstacle: string }
  | { readonly changed: true }
);

/** `/runs/<id>/trend/report` */
export function reportPage(parts: Pick<Parts, 'assets' | 'site'>, viewer: Viewer, shown: ReportPage): Html {
  const { run } = shown;
  const isAwaited = 'report' in shown && isUnderWay(shown.report);
  return layout({
    parts,
    viewer,
    title: 'DICOM report',
    islands: ['live.ts'],
    ...(isAwaited ? { refreshSeconds: LOOK_AGAIN_S } : {}),
    body: html`<div class="trend" data-live="/events"${isAwaited ? html` data-live-seconds="${LOOK_AGAIN_S}"` : ''}>
<div class="page-title"><h1>DICOM report</h1><p><a href="/runs/${run.id}/trend">Back to the trend</a></p></div>
<div data-live-region="notice">${notice(shown)}</div>
${'report' in shown ? preview(shown.report, run, viewer) : html`<div data-live-region="send"></div>`}
</div>`,
  });
}

function notice(shown: ReportPage): Html {
  if ('obstacle' in shown) {
    return html`<section class="message"><h2>No report yet</h2><p>${shown.obstacle}</p>
<p><a href="/runs/${shown.run.id}/trend#baseline">To the trend</a></p></section>`;
  }
  if ('changed' in shown) {
    return html`<p class="notice is-warning" role="alert">The trend has changed: a report of how it was cannot be sent any more.
<a href="/runs/${shown.run.id}/trend/report">Look at the report as it is now</a></p>`;
  }
  return html`<p>This is the picture that is sent, pixel by pixel, as a Secondary Capture in the newest exam. It says INVESTIGATIONAL, and names the patient.</p>`;
}

function preview(report: TrendReportView, run: Run, viewer: Viewer): Html {
  return html`<div class="report-and-receivers">
<figure class="report-preview"><img src="/runs/${run.id}/trend/report.png?object=${report.object}" alt="The report: patient, plot, table of volumes, baseline, threshold, and what made it. The trend's page has the same as text."></figure>
<div>
<div data-live-region="send">${form(report, run, viewer)}</div>
<div data-live-region="deliveries">${deliveries(report)}</div>
</div>
</div>`;
}

function form({ state, object, receivers }: TrendReportView, run: Run, viewer: Viewer): Html {
  if (receivers.length === 0) {
    return html`<section class="card"><h2>Send it</h2><p>The site’s file names no receiver.</p></section>`;
  }
  return html`<section class="card"><h2>Send it</h2>
<form method="post" action="/runs/${run.id}/trend/report">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<input type="hidden" name="state" value="${state}"><input type="hidden" name="object" value="${object}">
<fieldset class="receivers"><legend>Receivers</legend>${receivers.map(
    ({
      name,
      kind,
      refusal,
    }) => html`<p><label><input type="checkbox" name="receivers" value="${name}"${refusal === null ? '' : html` disabled aria-describedby="why-${name}"`}>
${name} <span class="tag">${kind}</span></label>${refusal === null ? '' : html`<span class="side-source" id="why-${name}">${refusal}</span>`}</p>`,
  )}</fieldset>
<div class="actions"><button class="primary">Send the report</button></div>
</form></section>`;
}

function deliveries({ receivers }: TrendReportView): Html | string {
  const sent = receivers.flatMap(({ name, delivery }) => (delivery === null ? [] : [{ name, ...delivery }]));
  if (sent.length === 0) return '';
  return html`<section class="card"><h2>What became of it</h2><div class="scroll"><table class="deliveries">
<thead><tr><th scope="col">Receiver</th><th scope="col">State</th><th scope="col">Why</th></tr></thead>
<tbody>${sent.map(
    (one) => html`<tr><th scope="row">${one.name}</th><td>${stateOf(one)}</td><td>${one.reason ?? ''}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function stateOf({ state, sentAt, attempts }: NonNullable<TrendReportView['receivers'][number]['delivery']>): Html {
  if (state === 'sent') return html`Sent ${sentAt === null ? '' : moment(sentAt)}`;
  if (state === 'refused') return html`<strong class="is-warning">Refused</strong>`;
  return attempts === 0
    ? html`Waiting for its turn`
    : html`Waiting, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
}

function isUnderWay({ receivers }: TrendReportView): boolean {
  return receivers.some(({ delivery }) => delivery?.state === 'waiting');
}
