import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { Html } from '../pages/layout.ts';
import { calendarDate, personName } from '../pages/patient.ts';
import { type BlindedList, nextIn } from './list.ts';

/** Exams that are shown of each evaluation. */
const MOST_SHOWN = 20;

/** What waits for a blinded reader, exam by exam, on the page `/reading`. */
export function blindedSection(list: BlindedList, exams: ReadonlyMap<string, ExamView>): Html {
  const { evaluation, refused } = list;
  const heading = html`<h2>${evaluation.title}</h2>`;
  if (refused !== undefined) {
    return html`<section class="card reading-list">${heading}<p class="notice is-warning">${refused}</p></section>`;
  }
  const waiting = list.exams.filter(({ copies }) => copies.some(({ state }) => state === 'asked'));
  const done = list.exams.length - waiting.length;
  return html`<section class="card reading-list">${heading}
<p><strong>${waiting.length === 0 ? 'Nothing waits for you.' : waiting.length === 1 ? 'One exam waits' : `${waiting.length} exams wait`}</strong>
<span class="muted">${done === 0 ? 'You have finished none yet.' : `You have finished ${done}.`}</span></p>
${list.seen === 0 ? '' : html`<p class="muted">${list.seen === 1 ? 'One exam is' : `${list.seen} exams are`} left out: you have looked at a result of ${list.seen === 1 ? 'it' : 'them'} before.</p>`}
${waiting.length === 0 ? '' : html`<p><a class="button primary" href="/reading/${evaluation.name}/next">Open the next</a></p>${rows(waiting, exams)}`}
</section>`;
}

/** Exams of which a row is shown: where their persons must be looked up. */
export function shownExams(lists: readonly BlindedList[]): string[] {
  return lists.flatMap(({ exams }) =>
    exams
      .filter(({ copies }) => copies.some(({ state }) => state === 'asked'))
      .slice(0, MOST_SHOWN)
      .map(({ studyInstanceUid }) => studyInstanceUid),
  );
}

function rows(waiting: BlindedList['exams'], exams: ReadonlyMap<string, ExamView>): Html {
  return html`<div class="scroll"><table class="worklist"><thead><tr><th scope="col">Patient</th><th scope="col">Exam</th><th scope="col">Segmentations</th></tr></thead>
<tbody>${waiting.slice(0, MOST_SHOWN).map((one) => {
    const exam = exams.get(one.studyInstanceUid);
    const sent = one.copies.filter(({ state }) => state === 'sent').length;
    return html`<tr><td><a class="row-link" href="/copies/${nextIn([one]) ?? ''}">${exam === undefined ? 'Patient unknown' : (personName(exam.name) ?? 'No name')}<span class="second">${exam?.patientId ?? 'no ID'}</span></a></td>
<td>${exam?.studyDescription ?? `…${one.studyInstanceUid.slice(-12)}`}<span class="second">${calendarDate(exam?.studyDate ?? null) ?? ''}</span></td>
<td>${sent} of ${one.copies.length} sent</td></tr>`;
  })}</tbody></table></div>`;
}
