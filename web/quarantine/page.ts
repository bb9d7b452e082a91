import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { QuarantinedFile } from '../../lib/archive/quarantine.ts';
import type { QuarantinedInstance } from '../../schemas/api.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { calendarDate, personName } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';

/** What was decided a moment ago, in words. */
const DECIDED = {
  released: 'The instance is released: it counts now, and a run follows when its exam is complete.',
  known: 'The same instance is held already: it waits no more.',
  discarded: 'The instance is discarded: it is kept in the store and counts nowhere.',
} as const;

/** `/quarantine`: what was received and is in no exam, and why; for administrators. */
export function quarantinePage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  { instances, decided }: { instances: readonly QuarantinedInstance[]; decided: keyof typeof DECIDED | undefined },
): Html {
  return layout({
    parts,
    viewer,
    title: 'Quarantine',
    body: html`<div class="page-title"><h1>Quarantine</h1></div>
${decided === undefined ? '' : html`<p class="notice" role="status">${DECIDED[decided]}</p>`}
<p>What was received and cannot be told apart, or belongs to nobody for sure. It is kept as it came and stays out of every
run until somebody decides. Better than a decision here: correct it at its source, then send it again.</p>
${
  instances.length === 0
    ? html`<section class="message"><h2>Nothing is in quarantine</h2></section>`
    : html`<div class="scroll"><table><thead><tr><th scope="col">Received</th><th scope="col">Why</th><th scope="col">Sent to</th><th scope="col">Exam</th><th scope="col"><span class="skip">Decide</span></th></tr></thead>
<tbody>${instances.map(row)}</tbody></table></div>`
}`,
  });
}

function row({ sha256, studyInstanceUid, reason, calledAETitle, receivedAt }: QuarantinedInstance): Html {
  return html`<tr><td class="number">${moment(receivedAt)}</td><td>${reason}</td><td>${calledAETitle}</td>
<td>${studyInstanceUid === null ? html`<span class="muted">unknown</span>` : html`<a href="/studies/${studyInstanceUid}">open</a>`}</td>
<td><a href="/quarantine/${sha256}">Look and decide</a></td></tr>`;
}

/** `/quarantine/<sha256>`: what the instance says beside what is held, and the decision. */
export function quarantinedPage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  page: { file: QuarantinedFile; exam: ExamView | undefined; refusal?: string; reason?: string },
): Html {
  const { file, exam } = page;
  return layout({
    parts,
    viewer,
    title: 'In quarantine',
    body: html`<div class="page-title"><h1>An instance in quarantine</h1><p class="muted">received ${moment(file.receivedAt.toISOString())}</p></div>
<section class="message"><h2>Why it waits</h2><p class="reason">${file.reason}</p></section>
<section class="card"><h2>What it says, and what is held of its exam</h2>${comparison(file, exam)}
${exam === undefined ? '' : html`<p class="muted">Held: <a href="/studies/${exam.studyInstanceUid}">the exam</a>.</p>`}</section>
${decision(viewer, page)}`,
  });
}

/** Both sides line by line; what differs is marked. */
function comparison({ facts }: QuarantinedFile, exam: ExamView | undefined): Html {
  const { patient, study, series } = facts;
  const rows: [string, string | null | undefined, string | null | undefined][] = [
    ['Patient', personName(patient?.PatientName ?? null), personName(exam?.name ?? null)],
    ['Patient ID', patient?.PatientID, exam?.patientId],
    ['Born', calendarDate(patient?.PatientBirthDate ?? null), calendarDate(exam?.birthDate ?? null)],
    ['Exam', calendarDate(study.StudyDate ?? null), calendarDate(exam?.studyDate ?? null)],
    ['Description', study.StudyDescription, exam?.studyDescription],
    ['Accession', study.AccessionNumber, exam?.accessionNumber],
    ['StudyInstanceUID', facts.StudyInstanceUID, exam?.studyInstanceUid],
    ['Series', [series.Modality, series.SeriesDescription].filter(Boolean).join(', '), undefined],
    ['SOPInstanceUID', facts.SOPInstanceUID, undefined],
  ];
  const cell = (value: string | null | undefined) => value || html`<span class="muted">not given</span>`;
  return html`<div class="scroll"><table class="comparison"><thead><tr><th scope="col"><span class="skip">What</span></th><th scope="col">This instance</th><th scope="col">Held</th></tr></thead>
<tbody>${rows.map(([label, its, held], index) => {
    const nothing = index === 0 ? html`<td rowspan="${rows.length}" class="muted">nothing held</td>` : '';
    const besides = exam === undefined ? nothing : html`<td>${held === undefined ? '' : cell(held)}</td>`;
    const differs = exam !== undefined && held !== undefined && (its ?? '') !== (held ?? '');
    return html`<tr><th scope="row">${label}</th><td>${cell(its)}${differs ? html` <span class="tag is-warning">differs</span>` : ''}</td>${besides}</tr>`;
  })}</tbody></table></div>`;
}

function decision(
  viewer: Viewer,
  { file, refusal, reason }: { file: QuarantinedFile; refusal?: string; reason?: string },
): Html {
  const { obstacle, sha256 } = file;
  return html`<section class="card"><h2>Decide</h2>
${refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${refusal}</p>`}
<p>${
    obstacle === undefined
      ? 'Released, it goes into the exam that it names, as if it had been accepted, and runs follow. Be sure that it belongs there.'
      : html`It cannot be released. ${obstacle}`
  } Discarded, it is kept in the store and counts nowhere.</p>
<form method="post" action="/quarantine/${sha256}">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<div class="question"><label for="reason">Reason<span class="required"> (required; kept with your name and the time)</span></label>
<textarea id="reason" name="reason" rows="2" maxlength="2000" required>${reason ?? ''}</textarea></div>
<div class="actions">${obstacle === undefined ? html`<button class="primary" name="decision" value="release">Release</button>` : ''}
<button name="decision" value="discard">Discard</button> <a href="/quarantine">Leave it waiting</a></div>
</form></section>`;
}
