import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type {
  AskedChange,
  NamedPatient,
  PatientPreview,
  PatientStatementView,
  PersonReference,
} from '../../schemas/patients.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { calendarDate, personName } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';
import type { Entered } from './form.ts';

type Shown = Pick<Parts, 'assets' | 'site' | 'pipelines'>;

/** What was said a moment ago, in words. */
const SAID = {
  merge: 'They are one patient now. Missing runs of the joined exams follow.',
  move: 'The exam is moved. Missing runs of the joined exams follow.',
  undo: 'The statement holds no more.',
} as const;

export interface PatientsPage {
  readonly statements: readonly PatientStatementView[];
  readonly refusal: string | undefined;
  /** What was entered before, and the exam that somebody wants to move, where they come from its page. */
  readonly entered: Entered;
  readonly said: keyof typeof SAID | undefined;
}

/** `/patients`: for whoever may say whose an exam is. */
export function patientsPage(parts: Shown, viewer: Viewer, { statements, refusal, entered, said }: PatientsPage): Html {
  const side = (name: string, required: boolean) => patientFields(name, entered, required);
  const isNew = entered.to === 'new';
  return layout({
    parts,
    viewer,
    title: 'Patients',
    body: html`<div class="page-title"><h1>Who is who</h1></div>
${said === undefined ? '' : html`<p class="notice" role="status">${SAID[said]}</p>`}
${refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${refusal}</p>`}
<p>Images say whose they are, and stay as they are. Where they are wrong, or one person has two numbers, say so here: lists, search, trends, reports and exports
follow at once. Nothing is done before you have seen what changes, and everything can be undone.</p>
<section class="card"><h2>An exam is of another patient</h2>
<form class="who" method="post" action="/patients/preview">${hidden(viewer, 'move')}
<div class="question"><label for="move-exam">StudyInstanceUID of the exam</label>
<input id="move-exam" name="exam" value="${entered.exam ?? ''}" required maxlength="64" size="64" autocomplete="off"></div>
<fieldset class="group"><legend>It is of</legend>
<label class="check"><input type="radio" name="to" value="number"${isNew ? '' : html` checked`}> <span>the patient with this number</span></label>
${side('to', false)}
<label class="check"><input type="radio" name="to" value="new"${isNew ? html` checked` : ''}> <span>somebody who has no other exam here<span class="second">Their name is not known then: no page shows one</span></span></label></fieldset>
<div class="actions"><button class="primary">See what changes</button></div></form></section>
<section class="card"><h2>Two numbers, one patient</h2>
<form class="who" method="post" action="/patients/preview">${hidden(viewer, 'merge')}
<fieldset class="group"><legend>The number that is given up</legend>${side('merged', true)}</fieldset>
<fieldset class="group"><legend>The number that stays</legend>${side('into', true)}</fieldset>
<div class="actions"><button class="primary">See what changes</button></div></form></section>
${history(viewer, statements)}`,
  });
}

const hidden = ({ formToken }: Viewer, kind: string) =>
  html`<input type="hidden" name="form-token" value="${formToken}"><input type="hidden" name="kind" value="${kind}">`;

function patientFields(name: string, entered: Entered, required: boolean): Html {
  return html`<div class="question"><label for="${name}-number">Patient ID</label>
<input id="${name}-number" name="${name}-number" value="${entered[`${name}-number`] ?? ''}" maxlength="64" autocomplete="off"${required ? html` required` : ''}></div>
<div class="question"><label for="${name}-issuer">Issuer, where the images name one</label>
<input id="${name}-issuer" name="${name}-issuer" value="${entered[`${name}-issuer`] ?? ''}" maxlength="64" autocomplete="off"></div>`;
}

function history(viewer: Viewer, statements: readonly PatientStatementView[]): Html | string {
  if (statements.length === 0) return '';
  const byId = new Map(statements.map((one) => [one.id, one]));
  return html`<section class="card"><h2>What was said</h2><div class="scroll"><table>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">By</th><th scope="col">Reason</th><th scope="col"><span class="skip">Undo</span></th></tr></thead>
<tbody>${statements.map(
    (one) =>
      html`<tr><td>${moment(one.statedAt)}</td><td>${inWords(one, byId)}</td><td>${one.author}</td><td class="reason">${one.reason}</td><td>${undo(viewer, one)}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function undo(viewer: Viewer, { id, change, undoneBy }: PatientStatementView): Html | string {
  if (change.kind === 'undo') return '';
  if (undoneBy !== null) return html`<span class="muted">undone</span>`;
  return html`<form method="post" action="/patients/preview">${hidden(viewer, 'undo')}
<input type="hidden" name="undoes" value="${id}"><button class="quiet">Undo …</button></form>`;
}

/** Without names: a statement knows its people by exams. */
function inWords({ change }: PatientStatementView, byId: ReadonlyMap<string, PatientStatementView>): Html {
  switch (change.kind) {
    case 'merge':
      return html`The patient of ${someone(change.merged)} is the patient of ${someone(change.into)}`;
    case 'move':
      return html`${link(change.exam)} is of ${change.to === 'new' ? 'somebody else' : html`the patient of ${someone(change.to)}`}`;
    case 'undo': {
      const undone = byId.get(change.undoes);
      return undone === undefined ? html`Undone` : html`Undone: ${inWords(undone, byId)}`;
    }
  }
}

const someone = (reference: PersonReference) =>
  'exam' in reference ? link(reference.exam) : html`an exam that was moved`;
const link = (exam: string) => html`<a href="/studies/${exam}">this exam</a>`;

export interface PreviewPage {
  readonly change: AskedChange;
  readonly preview: PatientPreview;
  /** Whose exams these are now, and whose they would be. */
  readonly exams: { readonly now: ReadonlyMap<string, ExamView>; readonly later: ReadonlyMap<string, ExamView> };
  /** Of the statement that the form makes. */
  readonly id: string;
}

const TITLES = {
  merge: 'Make these one patient?',
  move: 'Move this exam?',
  undo: 'Undo this?',
} as const;

/** Answer of `POST /patients/preview`: now and then, and the question. */
export function previewPage(parts: Shown, viewer: Viewer, { change, preview, exams, id }: PreviewPage): Html {
  return layout({
    parts,
    viewer,
    title: 'Patients: what changes',
    body: html`<div class="page-title"><h1>${TITLES[change.kind]}</h1></div>
<section class="card"><h2>Now</h2>${persons(preview.before, exams.now)}</section>
<section class="card"><h2>Then</h2>${persons(preview.after, exams.later)}</section>
<section class="card"><h2>What else changes</h2><ul>
<li>${preview.trends.length === 0 ? 'No trend changes.' : html`Trends of ${titles(parts, preview.trends)} are made anew.`}</li>
<li>${
      preview.baselines.length === 0
        ? 'No confirmed baseline is touched.'
        : html`<strong class="is-warning">${preview.baselines.length === 1 ? 'A confirmed baseline has' : 'Confirmed baselines have'} to be confirmed again:</strong>
${preview.baselines.map(({ pipeline, studyInstanceUid, author, confirmedAt }) => html` ${titles(parts, [pipeline])}, ${examLink(studyInstanceUid, exams.now)}, confirmed by ${author} ${moment(confirmedAt)}.`)}`
    }</li>
<li>${
      preview.runs.length === 0
        ? 'No run is missing.'
        : html`Runs are asked for: ${preview.runs.map(({ pipeline, studyInstanceUid }) => html`${titles(parts, [pipeline])} on ${examLink(studyInstanceUid, exams.now)}. `)}`
    }</li>
<li>${
      preview.deliveries === 0
        ? 'Nothing that waits for a receiver is stopped.'
        : html`<strong class="is-warning">${preview.deliveries} ${preview.deliveries === 1 ? 'object that waits' : 'objects that wait'} for a receiver will never be sent:</strong> what they say of the patient would be wrong.`
    }</li>
<li>The images stay as they are; the viewer goes on showing what they say.</li>
</ul></section>
<section class="card"><h2>Do it</h2><form method="post" action="/patients">${hidden(viewer, change.kind)}
<input type="hidden" name="id" value="${id}"><input type="hidden" name="preview" value="${preview.digest}">
${fields(change)}
<div class="question"><label for="reason">Reason<span class="required"> (required; kept with your name and the time)</span></label>
<p class="help">How is it known? No names or numbers of patients.</p>
<textarea id="reason" name="reason" rows="2" maxlength="2000" required></textarea></div>
<div class="actions"><button class="primary">${change.kind === 'undo' ? 'Undo it' : change.kind === 'merge' ? 'Merge' : 'Move'}</button> <a href="/patients">Leave it as it is</a></div>
</form></section>`,
  });
}

/** The change once more, for the form that does it. */
function fields(change: AskedChange): Html {
  switch (change.kind) {
    case 'merge':
      return html`${whom('merged', change.merged)}${whom('into', change.into)}`;
    case 'move':
      return html`${field('exam', change.exam)}${change.to === 'new' ? field('to', 'new') : whom('to', change.to)}`;
    case 'undo':
      return field('undoes', change.undoes);
  }
}

function whom(name: string, named: NamedPatient): Html {
  if ('exam' in named) return field(`${name}-exam`, named.exam);
  return html`${field(`${name}-number`, named.patientId)}${field(`${name}-issuer`, named.issuer)}`;
}

const field = (name: string, value: string) => html`<input type="hidden" name="${name}" value="${value}">`;

const titles = ({ pipelines }: Shown, names: readonly string[]) =>
  names.map((name) => pipelines.get(name)?.title ?? name).join(', ');

function persons(groups: PatientPreview['before'], exams: ReadonlyMap<string, ExamView>): Html {
  return html`${groups.map((studies) => {
    const first = exams.get(studies[0] ?? '');
    return html`<p><strong>${personName(first?.name ?? null) ?? 'Somebody whose name is not known'} <span class="muted">${first?.patientId ?? 'no number'}${first?.birthDate == null ? '' : `, born ${calendarDate(first.birthDate)}`}</span></strong></p>
<ul>${studies.map((study) => html`<li>${examLink(study, exams)}</li>`)}</ul>`;
  })}`;
}

function examLink(study: string, exams: ReadonlyMap<string, ExamView>): Html {
  const exam = exams.get(study);
  const words = [calendarDate(exam?.studyDate ?? null) ?? 'without a date', exam?.studyDescription]
    .filter(Boolean)
    .join(', ');
  return html`<a href="/studies/${study}">Exam ${words}</a>`;
}
