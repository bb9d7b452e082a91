import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import type { PatientView } from '../../lib/archive/read.ts';
import { millilitres } from '../../lib/platform/words.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Trend, TrendCurve, TrendPoint, TrendState, VolumeMaker } from '../../schemas/trend.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { calendarDate, patientHeader } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';
import { plot } from './plot.ts';

export interface TrendPage {
  readonly state: TrendState;
  readonly patient: PatientView | undefined;
  /** The run from which the page was opened; undefined for an earlier state, in which nothing can be changed. */
  readonly run: Pick<RunView, 'id' | 'studyInstanceUid'> | undefined;
}

/** `/runs/<id>/trend`, and `/trends/<pipeline>/<digest>` for a state that somebody saw. */
export function trendPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'>,
  viewer: Viewer,
  { state, patient, run }: TrendPage,
): Html {
  const title = `${parts.pipelines.get(state.input.pipeline)?.title ?? state.input.pipeline}: over time`;
  return layout({
    parts,
    viewer,
    title,
    islands: ['live.ts'],
    body: html`<div class="trend"${run === undefined ? '' : html` data-live="/events"`}>
<div class="page-title"><h1>${title}</h1>${run === undefined ? html`<p class="muted">An earlier state</p>` : html`<p><a href="/runs/${run.id}">The run</a></p>`}</div>
${patientHeader(patient)}
<div data-live-region="trend">
${baseline(state.trend)}
${shown(state, run)}
${run === undefined ? '' : acts(state, run, viewer)}
<p class="muted">State <a class="digest" href="/trends/${state.input.pipeline}/${state.digest}">${state.digest.slice(0, 12)}</a>: under this address these
numbers stay as they are now, with what they were made of.</p>
</div>
</div>`,
  });
}

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

function baseline({ baseline, curves }: Trend): Html {
  if (baseline === null) {
    return html`<section class="message"><h2>No exam has a volume yet</h2>
<p>As soon as an exam of this patient has a result, it appears here by itself.</p></section>`;
  }
  const point = curves
    .flatMap(({ points }) => points)
    .find((one) => one.studyInstanceUid === baseline.studyInstanceUid);
  const exam = html`<strong class="number">${calendarDate(point?.date ?? null)}</strong>`;
  if (baseline.confirmed === null) {
    return html`<p class="notice is-warning">The baseline, the exam of ${exam}, is only <strong>suggested</strong>: nobody has confirmed it yet.</p>`;
  }
  const { author, at, reason } = baseline.confirmed;
  return html`<p class="notice">Baseline: the exam of ${exam}, confirmed by ${author} on ${moment(at)}: ${reason}</p>`;
}

function shown({ trend }: TrendState, run: TrendPage['run']): Html {
  return html`${trend.curves.some(({ points }) => points.length > 1) ? html`<section class="card">${plot(trend, 'page')}${legend(trend.curves)}</section>` : ''}
${trend.curves.map((curve, index) => table(curve, index, trend, run))}
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

function table({ maker, points }: TrendCurve, index: number, { rules }: Trend, run: TrendPage['run']): Html {
  const beyond = `${Math.round(rules.progression * 100)} %`;
  return html`<section class="card curve-${index % 4}"><h2>${makerName(maker)}</h2>
<div class="scroll"><table class="trend-table">
<thead><tr><th scope="col">Exam</th><th scope="col">Volume of ${rules.structure}</th><th scope="col">Change to the baseline</th><th scope="col">More than ${beyond} larger</th></tr></thead>
<tbody>${points.map((point) => row(point, run))}</tbody>
</table></div></section>`;
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

/** What a person may say of the exams. Each needs a reason, and is kept for good. */
function acts({ input, trend }: TrendState, run: Pick<RunView, 'id'>, viewer: Viewer): Html {
  const measured = new Set(
    trend.curves.flatMap(({ points }) => points.map(({ studyInstanceUid }) => studyInstanceUid)),
  );
  const option = ({ studyInstanceUid, date }: (typeof input.exams)[number]) =>
    html`<option value="${studyInstanceUid}">${calendarDate(date) ?? 'no date'}, …${studyInstanceUid.slice(-6)}</option>`;
  return html`<section class="card"><h2>Change what is compared</h2>
<form method="post" action="/runs/${run.id}/trend">
<input type="hidden" name="form-token" value="${viewer.formToken}"><input type="hidden" name="id" value="${randomUUID()}">
<p><label>Exam <select name="study" required><option value="">Choose an exam</option>${input.exams.filter(({ studyInstanceUid }) => measured.has(studyInstanceUid)).map(option)}${input.exams.filter(({ studyInstanceUid }) => !measured.has(studyInstanceUid)).map(option)}</select></label></p>
<p><label>Reason <input name="reason" required maxlength="500" size="40" placeholder="e.g. first exam after the operation"></label></p>
<p><button class="primary" name="kind" value="baseline">Confirm as baseline</button>
<button name="kind" value="withdrawn">Withdraw from the trend</button>
<button name="kind" value="restored">Take back in</button></p>
</form>
${
  input.entries.length === 0
    ? html`<p class="muted">Nobody has changed anything yet.</p>`
    : html`<ul>${input.entries.map(
        ({ kind, author, createdAt, reason, studyInstanceUid }) =>
          html`<li>${moment(createdAt)}: ${author} ${WORDS[kind]} the exam of ${calendarDate(input.exams.find((exam) => exam.studyInstanceUid === studyInstanceUid)?.date ?? null) ?? 'unknown date'}: ${reason}</li>`,
      )}</ul>`
}
</section>`;
}

const WORDS = { baseline: 'made the baseline', withdrawn: 'withdrew', restored: 'took back' } as const;
