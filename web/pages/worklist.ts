import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { Parts } from '../parts.ts';
import { type Html, layout, moment, type Viewer } from './layout.ts';
import { outcome } from './outcome.ts';
import { STATUS_WORDS, statusMark } from './status.ts';

export interface Worklist {
  readonly runs: readonly RunView[];
  readonly filter: { readonly pipeline?: string | undefined; readonly status?: RunView['status'] | undefined };
  /** Run id from which the next page goes on; null where this is the last. */
  readonly next: string | null;
  /** An older page is shown. */
  readonly paged: boolean;
}

/** `/`: the runs, newest first. */
export function worklistPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines' | 'dicom'>,
  viewer: Viewer,
  list: Worklist,
): Html {
  const filtered = list.filter.pipeline !== undefined || list.filter.status !== undefined;
  const empty = list.runs.length === 0 && !list.paged;
  return layout({
    parts,
    viewer,
    title: 'Worklist',
    islands: ['live.ts'],
    refreshSeconds: 15,
    body: html`<div class="page-title"><h1>Worklist</h1>${empty && !filtered ? '' : filters(parts, list)}</div>
<section data-live="/events" data-live-region="worklist">
${empty ? emptyList(parts, filtered) : table(parts, list)}
${pages(list)}
</section>`,
  });
}

function filters({ pipelines }: Pick<Parts, 'pipelines'>, { filter }: Worklist): Html {
  const option = (value: string, label: string, chosen: string | undefined) =>
    html`<option value="${value}"${value === (chosen ?? '') ? html` selected` : ''}>${label}</option>`;
  return html`<form class="filters" method="get" action="/" data-submit-on-change>
<label>Pipeline <select name="pipeline">${option('', 'All', filter.pipeline)}
${[...pipelines].map(([name, { title }]) => option(name, title, filter.pipeline))}</select></label>
<label>Status <select name="status">${option('', 'All', filter.status)}
${Object.entries(STATUS_WORDS).map(([value, label]) => option(value, label, filter.status))}</select></label>
<button class="quiet">Show</button>
</form>`;
}

function table({ pipelines }: Pick<Parts, 'pipelines'>, { runs }: Worklist): Html {
  return html`<div class="scroll"><table class="worklist">
<thead><tr><th scope="col">Run made</th><th scope="col">Status</th><th scope="col">Pipeline</th><th scope="col">Result</th><th scope="col">Exam</th></tr></thead>
<tbody>${runs.map(
    (run) => html`<tr class="is-${run.status}">
<td><a class="row-link" href="/runs/${run.id}">${moment(run.createdAt)}</a></td>
<td>${statusMark(run)}</td>
<td>${pipelines.get(run.pipeline)?.title ?? run.pipeline}</td>
<td>${outcome(run)}</td>
<td><a class="uid" href="/studies/${run.studyInstanceUid}" title="${run.studyInstanceUid}">…${run.studyInstanceUid.slice(-12)}</a></td>
</tr>`,
  )}</tbody>
</table></div>`;
}

function pages({ next, paged, filter }: Worklist): Html | string {
  if (next === null && !paged) return '';
  const query = new URLSearchParams();
  if (filter.pipeline !== undefined) query.set('pipeline', filter.pipeline);
  if (filter.status !== undefined) query.set('status', filter.status);
  const newest = `/?${query}`;
  if (next !== null) query.set('before', next);
  return html`<nav class="pages" aria-label="Pages">
${paged ? html`<a href="${newest}">Newest</a>` : ''}
${next === null ? '' : html`<a href="/?${query}">Older</a>`}
</nav>`;
}

function emptyList({ pipelines, dicom }: Pick<Parts, 'pipelines' | 'dicom'>, filtered: boolean): Html {
  if (filtered) {
    return html`<section class="message"><h2>No run fits this choice</h2><p><a href="/">Show all runs</a></p></section>`;
  }
  return html`<section class="message">
<h2>No exam has arrived yet</h2>
<p>Send one from the PACS, a scanner or the command line to port <strong>${dicom.port}</strong> of
<strong>${dicom.host}</strong>. Called with the AE title <strong>${dicom.aeTitle}</strong> the site's routes decide which
pipeline it goes to; called with the title of a pipeline it goes there in any case:</p>
<table><thead><tr><th scope="col">Pipeline</th><th scope="col">AE title</th></tr></thead>
<tbody>${[...pipelines.values()].map(({ title, calledAETitle }) => html`<tr><td>${title}</td><td><code>${calledAETitle}</code></td></tr>`)}</tbody></table>
<p>From this machine, for a folder of DICOM files:</p>
<pre><code>npx overread send FOLDER --to ${dicom.host}:${dicom.port} --aet ${[...pipelines.values()][0]?.calledAETitle ?? dicom.aeTitle}</code></pre>
<p class="muted">This page shows the run as soon as the exam is complete.</p>
</section>`;
}
