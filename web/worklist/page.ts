import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { RunView } from '../../schemas/api.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { outcome } from '../pages/outcome.ts';
import { calendarDate, personName } from '../pages/patient.ts';
import { replayMark, STATUS_WORDS, statusMark } from '../pages/status.ts';
import type { Parts } from '../parts.ts';
import type { UnreadableRun } from '../projection/unreadable.ts';
import { titleOf } from '../runs/page.ts';

export interface Worklist {
  readonly runs: readonly RunView[];
  /** Ids of those in whose place a newer run counts. */
  readonly amended: ReadonlySet<string>;
  /** By StudyInstanceUID; those that are held. */
  readonly exams: ReadonlyMap<string, ExamView>;
  readonly filter: {
    readonly pipeline?: string | undefined;
    readonly status?: RunView['status'] | undefined;
    /** What was searched for, as it may stand in an address. */
    readonly search?: string | undefined;
  };
  /** What was searched for, and the exams found that have no run. */
  readonly search: { readonly text: string; readonly withoutRun: readonly ExamView[] } | undefined;
  /** Runs that no page can show; for administrators. */
  readonly unreadable: readonly UnreadableRun[];
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
  const { pipeline, status, search } = list.filter;
  const filtered = pipeline !== undefined || status !== undefined || search !== undefined;
  const empty = list.runs.length === 0 && !list.paged;
  return layout({
    parts,
    viewer,
    title: 'Worklist',
    islands: ['live.ts'],
    refreshSeconds: 15,
    body: html`<div class="page-title"><h1>Worklist</h1>${empty && !filtered ? '' : html`${searchForm(viewer, list)}${filters(parts, list)}`}</div>
<section data-live="/events" data-live-region="worklist">
${empty ? emptyList(parts, list) : table(parts, list)}
${pages(list)}
${list.search === undefined ? '' : withoutRun(list.search.withoutRun)}
${unreadable(list)}
</section>`,
  });
}

/** Sent by POST, so that no name stands in an address. */
function searchForm(viewer: Viewer, { search }: Worklist): Html {
  return html`<form class="search" method="post" action="/search" role="search">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<label><span class="skip">Search for</span><input type="search" name="text" value="${search?.text ?? ''}" maxlength="200" placeholder="Name, ID, accession, description, date" autocomplete="off"></label>
<button>Search</button>
${search === undefined ? '' : html`<a href="/">Show all</a>`}
</form>`;
}

function filters({ pipelines }: Pick<Parts, 'pipelines'>, { filter }: Worklist): Html {
  const option = (value: string, label: string, chosen: string | undefined) =>
    html`<option value="${value}"${value === (chosen ?? '') ? html` selected` : ''}>${label}</option>`;
  return html`<form class="filters" method="get" action="/" data-submit-on-change>
<label>Pipeline <select name="pipeline">${option('', 'All', filter.pipeline)}
${[...pipelines].map(([name, { title }]) => option(name, title, filter.pipeline))}</select></label>
<label>Status <select name="status">${option('', 'All', filter.status)}
${Object.entries(STATUS_WORDS).map(([value, label]) => option(value, label, filter.status))}</select></label>
${filter.search === undefined ? '' : html`<input type="hidden" name="search" value="${filter.search}">`}
<button>Show</button>
</form>`;
}

function table({ pipelines }: Pick<Parts, 'pipelines'>, { runs, exams, amended }: Worklist): Html {
  return html`<div class="scroll"><table class="worklist">
<thead><tr><th scope="col">Patient</th><th scope="col">Exam</th><th scope="col">Pipeline</th><th scope="col">Status</th><th scope="col">Result</th><th scope="col">Run made</th></tr></thead>
<tbody>${runs.map(
    (run) => html`<tr class="is-${run.status}">
<td><a class="row-link" href="/runs/${run.id}">${patientOf(exams.get(run.studyInstanceUid))}</a></td>
<td>${examOf(run.studyInstanceUid, exams.get(run.studyInstanceUid))}</td>
<td>${titleOf({ pipelines }, run)}${replayMark(run)}</td>
<td>${statusMark(run)}${amended.has(run.id) ? html`<span class="second">replaced by a newer run</span>` : ''}</td>
<td>${outcome(run)}</td>
<td class="number">${moment(run.createdAt)}</td>
</tr>`,
  )}</tbody>
</table></div>`;
}

function patientOf(exam: ExamView | undefined): Html {
  if (exam === undefined) return html`Patient unknown`;
  return html`${personName(exam.name) ?? 'No name'}<span class="second">${exam.patientId ?? 'no ID'}</span>`;
}

function examOf(StudyInstanceUID: string, exam: ExamView | undefined): Html {
  const what = exam?.studyDescription ?? `…${StudyInstanceUID.slice(-12)}`;
  const details = [calendarDate(exam?.studyDate ?? null), exam?.accessionNumber ?? null].filter((one) => one !== null);
  return html`<a class="exam" href="/studies/${StudyInstanceUID}">${what}</a><span class="second">${details.join(' · ')}</span>`;
}

/** What was found and went to no pipeline: the exam's page says why. */
function withoutRun(exams: readonly ExamView[]): Html | string {
  if (exams.length === 0) return '';
  return html`<section class="card"><h2>${exams.length === 1 ? 'One exam' : `${exams.length} exams`} without a run</h2>
<p>No pipeline took it, or the images are still coming: the exam’s page says why.</p>
<ul class="run-list">${exams.map(
    (exam) => html`<li>${patientOf(exam)} ${examOf(exam.studyInstanceUid, exam)}</li>`,
  )}</ul></section>`;
}

function unreadable({ unreadable: runs }: Worklist): Html | string {
  if (runs.length === 0) return '';
  return html`<section class="card"><h2>Runs that cannot be read</h2>
<p>What the store holds of them is damaged or was not made by Overread: no page can show them. Look at the objects below <code>runs/</code>.</p>
<ul class="run-list">${runs.map(
    ({ id, reason, seenAt }) =>
      html`<li><code class="digest">${id}</code> <span class="reason">${reason}</span> <span class="muted">${moment(seenAt.toISOString())}</span></li>`,
  )}</ul></section>`;
}

function pages({ next, paged, filter }: Worklist): Html | string {
  if (next === null && !paged) return '';
  const query = new URLSearchParams();
  if (filter.pipeline !== undefined) query.set('pipeline', filter.pipeline);
  if (filter.status !== undefined) query.set('status', filter.status);
  if (filter.search !== undefined) query.set('search', filter.search);
  const newest = `/?${query}`;
  if (next !== null) query.set('before', next);
  return html`<nav class="pages" aria-label="Pages">
${paged ? html`<a href="${newest}">Newest</a>` : ''}
${next === null ? '' : html`<a href="/?${query}">Older</a>`}
</nav>`;
}

function nothingFound(): Html {
  return html`<section class="message"><h2>No exam found</h2>
<p>No exam that you may see has all of these words in its patient’s name or number, accession number or description, as its date
(2026-01-31) or as its StudyInstanceUID. Fewer words, or parts of them, find more.</p>
<p>If it should be here, ask the PACS administrator whether it was sent to Overread.</p>
<p><a href="/">Show all runs</a></p></section>`;
}

function emptyList(
  { pipelines, dicom }: Pick<Parts, 'pipelines' | 'dicom'>,
  { filter, search }: Worklist,
): Html | string {
  if (filter.pipeline !== undefined || filter.status !== undefined) {
    return html`<section class="message"><h2>No run fits this choice</h2><p><a href="/">Show all runs</a></p></section>`;
  }
  if (search !== undefined) return search.withoutRun.length > 0 ? '' : nothingFound();
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
