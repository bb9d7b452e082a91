import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { BlindedList } from '../blinded/list.ts';
import { blindedSection } from '../blinded/list-page.ts';
import { STAGE_WORDS } from '../feedback/form-page.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { calendarDate, personName } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';
import type { ReadingList } from './list.ts';

export interface ReadingPage {
  /** By evaluation. */
  readonly lists: ReadonlyMap<string, ReadingList>;
  /** Of evaluations with blinded reads. */
  readonly blinded: readonly BlindedList[];
  /** By StudyInstanceUID; those that are held. */
  readonly exams: ReadonlyMap<string, ExamView>;
}

/** No event tells blinded readers of a run, nor anybody that a time has come: the page looks by itself, too. */
const LOOK_AGAIN_SECONDS = 20;

/** `/reading`: the exams that wait for the person who is signed in, by evaluation. */
export function readingPage(
  parts: Pick<Parts, 'assets' | 'site' | 'evaluations'>,
  viewer: Viewer,
  { lists, blinded, exams }: ReadingPage,
): Html {
  const evaluations = [...parts.evaluations.values()].filter(({ name }) => lists.has(name));
  return layout({
    parts,
    viewer,
    title: 'To read',
    islands: ['live.ts'],
    refreshSeconds: 30,
    body: html`<div class="page-title"><h1>To read</h1></div>
<div data-live="/events" data-live-seconds="${LOOK_AGAIN_SECONDS}" data-live-region="reading">${
      evaluations.length + blinded.length === 0
        ? html`<section class="message"><h2>Nothing is asked of you</h2>
<p>You have no part in an evaluation that readers, quality reviewers or adjudicators have. An administrator can give you one.</p>
<p><a href="/">All results</a></p></section>`
        : html`${evaluations.map((evaluation) => list(evaluation, lists.get(evaluation.name), exams))}${blinded.map((one) => blindedSection(one, exams))}`
    }</div>`,
  });
}

function list({ name, title }: Evaluation, found: ReadingList | undefined, exams: ReadingPage['exams']): Html | string {
  if (found === undefined) return '';
  const { cases, more, done } = found;
  return html`<section class="card reading-list"><h2>${title}</h2>
<p>${cases.length === 0 ? html`<strong>Nothing waits for you.</strong>` : html`<strong>${more ? `More than ${cases.length} exams wait` : cases.length === 1 ? 'One exam waits' : `${cases.length} exams wait`}</strong>`}
<span class="muted">${done === 0 ? 'You have sent none yet.' : `You have sent ${done}.`}</span></p>
${
  cases.length === 0
    ? ''
    : html`<p><a class="button primary" href="/reading/${name}/next">Open the next</a></p>
<div class="scroll"><table class="worklist"><thead><tr><th scope="col">Patient</th><th scope="col">Exam</th><th scope="col">What is asked</th><th scope="col">Since</th></tr></thead>
<tbody>${cases.map((one) => {
        const exam = exams.get(one.studyInstanceUid);
        return html`<tr><td><a class="row-link" href="/runs/${one.run}">${exam === undefined ? 'Patient unknown' : (personName(exam.name) ?? 'No name')}<span class="second">${exam?.patientId ?? 'no ID'}</span></a></td>
<td>${exam?.studyDescription ?? `…${one.studyInstanceUid.slice(-12)}`}<span class="second">${calendarDate(exam?.studyDate ?? null) ?? ''}</span></td>
<td>${STAGE_WORDS[one.stage]}</td><td>${moment(one.createdAt.toISOString())}</td></tr>`;
      })}</tbody></table></div>`
}</section>`;
}
