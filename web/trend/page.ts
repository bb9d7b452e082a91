import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import type { PatientView } from '../../lib/archive/read.ts';
import { millilitres } from '../../lib/platform/words.ts';
import { type Look, standingEntries, structureTitle } from '../../lib/runs/trend.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Trend, TrendCurve, TrendPoint, TrendState, VolumeMaker } from '../../schemas/trend.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { calendarDate, patientHeader } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';
import { examId, trendToShow } from './look.ts';
import { plot } from './plot.ts';

export interface TrendPage {
  readonly state: TrendState;
  readonly patient: PatientView | undefined;
  /** The run from which the page was opened; undefined for an earlier state, in which nothing can be changed. */
  readonly run: Pick<RunView, 'id' | 'studyInstanceUid'> | undefined;
  /** Another baseline or threshold that somebody looks with. */
  readonly look?: Look | undefined;
  /** Whoever looks may say something of the exams, and make a report. */
  readonly mayAct?: boolean;
}

/** `/runs/<id>/trend`, and `/trends/<pipeline>/<digest>` for a state that somebody saw. */
export function trendPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'>,
  viewer: Viewer,
  { state, patient, run, look, mayAct = false }: TrendPage,
): Html {
  const title = `${parts.pipelines.get(state.input.pipeline)?.title ?? state.input.pipeline}: over time`;
  const trend = trendToShow(state, look);
  return layout({
    parts,
    viewer,
    title,
    islands: ['live.ts', 'look.ts'],
    body: html`<div class="trend"${run === undefined ? '' : html` data-live="/events"`}>
<div class="page-title"><h1>${title}</h1>${run === undefined ? html`<p class="muted">An earlier state</p>` : html`<p><a href="/runs/${run.id}">The run</a></p>`}</div>
${patientHeader(patient)}
<div data-live-region="trend-plot">
${run === undefined || look === undefined ? baseline(state) : looking(state, trend, look, run)}
${drawn(trend)}
</div>
${run === undefined ? '' : lookForm(state, look, run)}
<div data-live-region="trend">
${shown(state, trend, run)}
${look === undefined ? stateLine(state, mayAct ? run : undefined) : ''}
</div>
${run === undefined ? '' : html`<div data-live-region="trend-acts">${acts(state, run, mayAct ? viewer : undefined)}</div>`}
</div>`,
  });
}

function stateLine({ input, digest }: TrendState, run: TrendPage['run']): Html {
  return html`${run === undefined ? '' : html`<p><a class="button" href="/runs/${run.id}/trend/report">DICOM report</a></p>`}
<p class="muted">State <a class="digest" href="/trends/${input.pipeline}/${digest}">${digest.slice(0, 12)}</a>: under this address these
numbers stay as they are now, with what they were made of.</p>`;
}

/** Says that what is seen holds for this look alone. */
function looking({ input, trend: stored }: TrendState, trend: Trend, look: Look, run: Pick<RunView, 'id'>): Html {
  const moved = trend.baseline?.studyInstanceUid !== stored.baseline?.studyInstanceUid;
  const dateOf = (uid: string | undefined) =>
    calendarDate(input.exams.find(({ studyInstanceUid }) => studyInstanceUid === uid)?.date ?? null) ?? 'unknown date';
  return html`<p class="notice is-warning looking" role="status"><strong>Looking only, nothing stored.</strong>
Compared with the exam of <strong class="number">${dateOf(trend.baseline?.studyInstanceUid)}</strong>${moved ? '' : ' (the baseline as it is)'}; flagged above ${percentOf(trend)}${look.progression === undefined ? ' (the threshold as it is)' : ''}.
<a href="/runs/${run.id}/trend">Back to the trend as it is</a></p>`;
}

/** Needs no scripts: an island looks as soon as something is chosen. */
function lookForm({ input, trend }: TrendState, look: Look | undefined, run: Pick<RunView, 'id'>): Html | string {
  const dates = new Map(
    trend.curves.flatMap(({ points }) => points.map((point) => [point.studyInstanceUid, point.date])),
  );
  if (dates.size < 2) return '';
  const threshold = look?.progression === undefined ? '' : String(Math.round(look.progression * 1000) / 10);
  return html`<form class="look" method="get" action="/runs/${run.id}/trend" data-look>
<label>Look with another baseline <select name="baseline"><option value="">as it is</option>${[...dates]
    .sort(byDate)
    .map(
      ([uid, date]) =>
        html`<option value="${examId(uid)}"${uid === look?.baseline ? html` selected` : ''}>${examName(uid, date)}</option>`,
    )}</select></label>
<label>or threshold, % <input name="threshold" type="number" min="1" max="1000" step="any" size="6" placeholder="${Math.round(input.rules.progression * 100)}" value="${threshold}"></label>
<button>Look</button>
</form>`;
}

const byDate = ([, a]: readonly [string, string], [, b]: readonly [string, string]) => (a < b ? -1 : 1);

/** The trend in short, on the page of a run: plot and last change. */
export function trendCard({ trend }: TrendState, run: Pick<RunView, 'id'>): Html | string {
  const exams = trend.curves.reduce((most, { points }) => Math.max(most, points.length), 0);
  if (exams === 0) return '';
  return html`<section class="card trend-card"><h2>Over time</h2>
${exams === 1 ? html`<p>This is the patient's only exam with a volume.</p>` : plot(trend, 'card')}
${legend(trend.curves)}
<p><a href="/runs/${run.id}/trend">All exams, baseline and changes</a></p>
</section>`;
}

function baseline({ input, trend: { baseline, curves } }: TrendState): Html {
  if (baseline === null) {
    return html`<section class="message"><h2>No exam has a volume yet</h2>
<p>As soon as an exam of this patient has a result, it appears here by itself.</p></section>`;
  }
  const point = curves
    .flatMap(({ points }) => points)
    .find((one) => one.studyInstanceUid === baseline.studyInstanceUid);
  const exam = html`<strong class="number">${calendarDate(point?.date ?? null)}</strong>`;
  if (baseline.confirmed === null) {
    return html`<p class="notice is-warning">The baseline, the exam of ${exam}, is only <strong>suggested</strong>: ${
      standingEntries(input).length < input.entries.length
        ? 'patients were merged or an exam was moved since somebody confirmed one. Confirm it again.'
        : 'nobody has confirmed it yet.'
    }</p>`;
  }
  const { author, at, reason } = baseline.confirmed;
  return html`<p class="notice">Baseline: the exam of ${exam}, confirmed by ${author} on ${moment(at)}: ${reason}</p>`;
}

function drawn(trend: Trend): Html | string {
  if (!trend.curves.some(({ points }) => points.length > 1)) return '';
  return html`<section class="card">${plot(trend, 'page')}${legend(trend.curves)}</section>`;
}

function shown({ input }: TrendState, trend: Trend, run: TrendPage['run']): Html {
  const title = structureTitle(input);
  return html`${trend.curves.map((curve, index) => table(curve, index, { trend, title, run }))}
${
  trend.left.length === 0
    ? ''
    : html`<section class="card"><h2>Exams without a volume here</h2><ul>${trend.left.map(
        ({ studyInstanceUid, date, reason }) =>
          html`<li><a href="/studies/${studyInstanceUid}">${calendarDate(date) ?? 'no date'}</a>: ${reason}</li>`,
      )}</ul></section>`
}`;
}

function legend(curves: readonly TrendCurve[]): Html | string {
  if (curves.length < 2) return '';
  return html`<ul class="legend">${curves.map(
    ({ maker }, index) =>
      html`<li class="curve-${index % 4}"><span class="swatch" aria-hidden="true"></span>${makerName(maker)}</li>`,
  )}</ul>`;
}

/** Who made the volumes, as people say it. */
export function makerName(maker: VolumeMaker): string {
  if (maker.kind === 'model') return `Model ${maker.name} ${maker.version}`;
  return maker.kind === 'edited' ? `Edited by readers, from ${maker.from}` : `${maker.source}, with ${maker.tool}`;
}

function table(
  { maker, points }: TrendCurve,
  index: number,
  { trend, title, run }: { trend: Trend; title: string; run: TrendPage['run'] },
): Html {
  return html`<section class="card curve-${index % 4}"><h2>${makerName(maker)}</h2>
<div class="scroll"><table class="trend-table">
<thead><tr><th scope="col">Exam</th><th scope="col">${title}</th><th scope="col">Change to the baseline</th><th scope="col">More than ${percentOf(trend)} larger</th></tr></thead>
<tbody>${points.map((point) => row(point, run))}</tbody>
</table></div></section>`;
}

function percentOf({ rules }: Trend): string {
  return `${Math.round(rules.progression * 1000) / 10} %`;
}

function row(point: TrendPoint, run: TrendPage['run']): Html {
  const here = point.studyInstanceUid === run?.studyInstanceUid;
  return html`<tr class="${point.progression === true ? 'is-progression' : ''}">
<th scope="row"><a href="/runs/${point.run}">${calendarDate(point.date)}</a>${here ? html` <span class="tag">this exam</span>` : ''}${point.isBaseline ? html` <span class="tag">baseline</span>` : ''}</th>
<td class="number">${point.complete ? '' : '≥ '}${millilitres(point.volumeMl)}${point.complete ? '' : html` <span class="tag is-warning">incomplete</span>`}</td>
<td class="number">${point.change === null ? html`<span class="muted">–<span class="side-source">${point.reason}</span></span>` : html`${changeText(point.change)}${point.comparedWith === undefined ? '' : html`<span class="side-source">to the volume by ${makerName(point.comparedWith)}</span>`}`}</td>
<td>${point.progression === null ? html`<span class="muted">–</span>` : point.progression ? html`<strong class="is-warning">Yes</strong>` : 'No'}</td>
</tr>`;
}

/** A change as a whole percentage with its sign. */
export function changeText(change: number): string {
  const percent = Math.round(change * 100);
  return `${percent > 0 ? '+' : percent < 0 ? '−' : '±'}${Math.abs(percent)} %`;
}

/** What people said of the exams, and the form for whoever may say more (`viewer`). Each needs a reason, and is kept for good. */
function acts(state: TrendState, run: Pick<RunView, 'id'>, viewer: Viewer | undefined): Html {
  const { input } = state;
  const dateOf = (uid: string) =>
    calendarDate(input.exams.find(({ studyInstanceUid }) => studyInstanceUid === uid)?.date ?? null) ?? 'unknown date';
  return html`<section class="card" id="baseline"><h2>${viewer === undefined ? 'What was said of the exams' : 'Change what is compared'}</h2>
${viewer === undefined ? '' : actForm(state, run, viewer)}
${
  input.entries.length === 0
    ? html`<p class="muted">Nobody has confirmed a baseline or withdrawn an exam yet.</p>`
    : html`<ul>${input.entries.map(
        ({ kind, author, createdAt, reason, studyInstanceUid }) =>
          html`<li>${moment(createdAt)}: ${author} ${WORDS[kind]} the exam of ${dateOf(studyInstanceUid)}: ${reason}</li>`,
      )}</ul>`
}
</section>`;
}

function actForm({ input, trend }: TrendState, run: Pick<RunView, 'id'>, viewer: Viewer): Html {
  const measured = new Set(
    trend.curves.flatMap(({ points }) => points.map(({ studyInstanceUid }) => studyInstanceUid)),
  );
  const first = input.exams.filter(({ studyInstanceUid }) => measured.has(studyInstanceUid));
  const others = input.exams.filter(({ studyInstanceUid }) => !measured.has(studyInstanceUid));
  return html`<form method="post" action="/runs/${run.id}/trend">
<input type="hidden" name="form-token" value="${viewer.formToken}"><input type="hidden" name="id" value="${randomUUID()}">
<input type="hidden" name="patient-changed-at" value="${input.patientChangedAt ?? ''}">
<p><label>Exam <select name="study" required><option value="">Choose an exam</option>${[...first, ...others].map(
    ({ studyInstanceUid, date }) =>
      html`<option value="${studyInstanceUid}">${examName(studyInstanceUid, date)}</option>`,
  )}</select></label></p>
<p><label>Reason <input name="reason" required maxlength="500" size="40" placeholder="e.g. first exam after the operation"></label></p>
<p><button class="primary" name="kind" value="baseline">Confirm as baseline</button>
<button name="kind" value="withdrawn">Withdraw from the trend</button>
<button name="kind" value="restored">Take back in</button></p>
</form>`;
}

/** An exam in a list to choose from; two of one day differ by the end of their UID. */
function examName(StudyInstanceUID: string, date: string | null): string {
  return `${calendarDate(date) ?? 'no date'}, …${StudyInstanceUID.slice(-6)}`;
}

const WORDS = { baseline: 'made the baseline', withdrawn: 'withdrew', restored: 'took back' } as const;
