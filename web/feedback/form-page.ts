import { html } from 'hono/html';
import type { Evaluation, Feedback, Question, Stage } from '../../schemas/evaluation.ts';
import { may } from '../accounts/rights.ts';
import { type Html, moment, type Viewer } from '../pages/layout.ts';
import { disagreements, type Entry, stagesOf } from '../reading/standing.ts';
import { optionField, valueWords } from './answer.ts';
import { type Asked, agreement, answerFor, type FormField, formGroups } from './form.ts';

export interface FeedbackForm {
  /** Id of the run that is asked about, or of the copy for blinded readers. */
  readonly run: string;
  /** The page that the form stands on; left out: the run's. */
  readonly page?: string;
  readonly asked: Asked;
  /** Id of the entry that sending makes: sending twice makes one. */
  readonly id: string;
  /** Field name → what is filled in. */
  readonly fields: Readonly<Record<string, string>>;
  readonly errors: ReadonlyMap<string, string>;
  readonly savedAt: string | undefined;
  /** The version that this one corrects. */
  readonly corrects: Feedback | undefined;
  /** Everything that was sent about the case, for who decides between readers. */
  readonly entries: readonly Entry[];
  /** A sentence about what happened to the form. */
  readonly notice: string | undefined;
}

/** What a form is called at each stage; in an evaluation with one stage it has the evaluation's title alone. */
export const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  quality: 'Quality of the images',
  unaided: 'Your read, without the model',
  aided: 'With the model’s result',
  adjudication: 'Decision between readers',
  blinded: 'One segmentation of several',
};

/** The form of an evaluation, empty or with what was entered before. */
export function feedbackForm(viewer: Viewer, form: FeedbackForm): Html {
  const { run, page = `/runs/${run}`, asked, errors, corrects } = form;
  const { evaluation, stage } = asked;
  const author = viewer.person?.name ?? '';
  return html`<section class="card feedback" id="feedback" data-keys>
${heading(evaluation, stage)}
${form.notice === undefined ? '' : html`<p class="notice" role="status">${form.notice}</p>`}
${errors.size === 0 ? '' : html`<p class="notice is-failed" role="alert">${errors.size === 1 ? 'One answer is' : `${errors.size} answers are`} missing or not valid; nothing was sent. What you entered is kept.</p>`}
<p class="muted">${evaluation.introduction}</p>
${stage === 'unaided' && evaluation.reading.mode === 'unaided-first' ? html`<p class="notice">The model’s result is shown when you have sent this read. It cannot be changed after that.</p>` : ''}
${stage === 'adjudication' ? readersAnswers(form) : ''}
<form method="post" action="${page}/feedback#feedback" data-draft="${page}/feedback/draft" data-draft-key="${run}:${author}:${stage}" data-saved-at="${form.savedAt ?? ''}"${stage === 'blinded' ? html` data-review-kept` : ''}>
<p class="notice is-warning" role="status" data-draft-aside hidden>Another draft was saved elsewhere since, and is shown. What this browser had kept was set aside.
<button type="button">Use what this browser had kept</button></p>
<input type="hidden" name="form-token" value="${viewer.formToken}">
<input type="hidden" name="id" value="${form.id}">
<input type="hidden" name="author" value="${author}">
<input type="hidden" name="stage" value="${stage}">
<input type="hidden" name="opened" value="" data-review-opened>
<input type="hidden" name="first-action" value="" data-review-first>
<input type="hidden" name="active" value="" data-review-active>
<input type="hidden" name="evaluation-version" value="${evaluation.version}">
${agree(form)}
${formGroups(asked).map(
  (group) => html`<fieldset class="group"><legend>${group.title}</legend>
${group.fields.map((field) => question(field, form))}
</fieldset>`,
)}
${corrects === undefined ? '' : reason(form)}
<div class="actions">
<button class="primary" name="action" value="send">${corrects === undefined ? 'Send' : 'Send the correction'}</button>
<button name="action" value="draft" formnovalidate>Save draft</button>
${corrects === undefined ? '' : html`<a href="${page}#feedback">Leave as it was</a>`}
<span class="draft-state muted" role="status" data-draft-state>${form.savedAt === undefined ? '' : html`Draft saved ${moment(form.savedAt)}`}</span>
</div>
</form>
</section>`;
}

/** Why somebody is asked nothing about a run now. */
export function notAsked({ person }: Pick<Viewer, 'person'>, evaluation: Evaluation, why: string): Html {
  const canMakeReaders = person !== undefined && may(person, 'manage-accounts');
  return html`<section class="card feedback" id="feedback"><h2>${evaluation.title}</h2>
<p class="muted">${why}</p>
${canMakeReaders ? html`<p>To see the form as its readers do, make <a href="/accounts">an account</a> with the role reader, and sign in as that.</p>` : ''}</section>`;
}

interface SentForm {
  readonly canCorrect: boolean;
  /** Nothing more is asked on the page: from here it goes on to the next exam. */
  readonly isLast: boolean;
}

/** What was sent, to be read and not changed; with a way to a correction, where one is possible. */
export function sentFeedback(
  { run, author, page = `/runs/${run}` }: { run: string; author: string; page?: string },
  asked: Asked,
  versions: readonly Feedback[],
  { canCorrect, isLast }: SentForm,
): Html {
  const latest = versions.at(-1);
  const earlier = versions.slice(0, -1).reverse();
  const { evaluation, stage } = asked;
  return html`<section class="card feedback is-sent"${isLast ? html` id="feedback"` : ''} data-draft-sent="${run}:${author}:${stage}">
${heading(evaluation, stage)}
${latest === undefined ? '' : sentVersion(asked, latest)}
${canCorrect ? '' : html`<p class="muted">Locked: it was sent before the model’s result was shown.</p>`}
<div class="actions">${canCorrect ? html`<a class="button" href="${page}?correct=${stage}#feedback">Correct this</a>` : ''}
${isLast ? html`<a class="button" href="/reading/${evaluation.name}/next">${stage === 'blinded' ? 'Next segmentation' : 'Next exam'}</a>` : ''}</div>
${earlier.map((version) => html`<details><summary>Version ${version.version}, ${moment(version.createdAt)}</summary>${sentVersion(asked, version)}</details>`)}
</section>`;
}

function heading({ title, reading }: Evaluation, stage: Stage): Html {
  const isOnlyOne = stagesOf(reading).length === 1 && stage === stagesOf(reading)[0];
  return html`<h2>${title}${isOnlyOne ? '' : html`<span class="second">${STAGE_WORDS[stage]}</span>`}</h2>`;
}

/** One act for who agrees with everything; where the form asks what agreeing does not answer there is none. */
function agree({ asked, corrects }: FeedbackForm): Html | string {
  if (asked.stage !== 'aided' || corrects !== undefined || agreement(asked) === undefined) return '';
  return html`<div class="actions is-agree"><button name="action" value="agree" formnovalidate accesskey="a">Agree with all, and send</button>
<span class="muted">The model’s findings become your answers.</span></div>`;
}

/** What the readers said where they differ, without their names. */
function readersAnswers({ asked, entries }: FeedbackForm): Html {
  const { evaluation } = asked;
  const [first] = stagesOf(evaluation.reading);
  const readers = entries.filter(({ stage }) => stage === first);
  const fields = formGroups(asked).flatMap(({ title, fields: own }) => own.map((field) => ({ title, field })));
  const apart = disagreements(evaluation, entries);
  return html`<p class="notice">The readers differ. Your answer settles it.</p>
<div class="scroll"><table><thead><tr><th scope="col">Question</th>${readers.map((_, index) => html`<th scope="col">Reader ${index + 1}</th>`)}</tr></thead>
<tbody>${fields
    .filter(({ field }) =>
      apart.some(({ question, subject }) => question === field.question.name && subject === field.subject),
    )
    .map(
      ({ title, field }) => html`<tr><th scope="row">${title}: ${field.question.label}</th>
${readers.map(({ answers }) => html`<td>${answerText(field.question, answerFor(field, answers))}</td>`)}</tr>`,
    )}</tbody></table></div>`;
}

function sentVersion(asked: Asked, entry: Feedback): Html {
  const { evaluation } = asked;
  return html`<p class="sent-line"><span class="sent-mark" aria-hidden="true">✓</span> Sent by <strong>${entry.author}</strong>, ${moment(entry.createdAt)}${entry.version > 1 ? html`, version ${entry.version}` : ''}${entry.agreedWithAll ? html`, agreed with all` : ''}</p>
${entry.reason === null ? '' : html`<p class="reason">Reason for the correction: ${entry.reason}</p>`}
<dl class="answers">${formGroups(asked).flatMap((group) =>
    group.fields.map(
      (
        field,
      ) => html`<div><dt>${group.title}${field.about === '' ? '' : html`, ${field.about}`}: ${field.question.label}</dt>
<dd>${answerText(field.question, answerFor(field, entry.answers))}</dd></div>`,
    ),
  )}</dl>
${entry.evaluationVersion === evaluation.version ? '' : html`<p class="muted">Given to version ${entry.evaluationVersion} of the form; now it is ${evaluation.version}.</p>`}`;
}

function answerText(question: Question, value: ReturnType<typeof answerFor>): Html | string {
  if (value === undefined) return html`<span class="muted">not answered</span>`;
  const words = valueWords(question, value);
  return question.kind === 'text' ? html`<span class="free-text">${words}</span>` : words;
}

function question(field: FormField & { about: string }, { fields, errors, asked: { evaluation } }: FeedbackForm): Html {
  const { name, question: asked, about } = field;
  const error = errors.get(name);
  const id = `f-${name.replaceAll(/[^a-z0-9]/gi, '-')}`;
  const condition = conditionWords(evaluation, asked);
  const described = [
    asked.help === '' && condition === '' ? '' : `${id}-help`,
    error === undefined ? '' : `${id}-error`,
  ]
    .filter(Boolean)
    .join(' ');
  const label = html`${asked.label}${about === '' ? '' : html`, ${about}`}${asked.required ? html`<span class="required"> (required)</span>` : ''}`;
  const help = html`${asked.help === '' && condition === '' ? '' : html`<p class="help" id="${id}-help">${asked.help} ${condition}</p>`}${error === undefined ? '' : html`<p class="error" id="${id}-error">${error}</p>`}`;
  const shown = html`class="question${error === undefined ? '' : ' has-error'}"`;
  if (asked.kind === 'text' || asked.kind === 'number') {
    return html`<div ${shown}><label for="${id}">${label}</label>${help}${entry(field, { id, described, value: fields[name] ?? '' })}</div>`;
  }
  return html`<div ${shown} role="${asked.kind === 'choices' ? 'group' : 'radiogroup'}" aria-labelledby="${id}" aria-describedby="${described}">
<span class="label" id="${id}">${label}</span>${help}
<div class="options">${options(field, fields)}</div>
${asked.kind === 'rating' ? html`<div class="rating-ends"><span>${asked.from} ${asked.fromLabel}</span><span>${asked.to} ${asked.toLabel}</span></div>` : ''}
</div>`;
}

/** What is typed in. A question that depends on another is never required by the browser: only we know whether it is asked. */
function entry(
  { name, question: asked }: FormField,
  { id, described, value }: { id: string; described: string; value: string },
): Html {
  const required = asked.required && asked.when === undefined ? html` required` : '';
  if (asked.kind === 'number') {
    return html`<span class="with-unit"><input id="${id}" name="${name}" inputmode="decimal" autocomplete="off" size="8" value="${value}" aria-describedby="${described}"${required}> ${asked.unit}</span>`;
  }
  const length = asked.kind === 'text' ? asked.maxLength : 0;
  return html`<textarea id="${id}" name="${name}" rows="3" maxlength="${length}" aria-describedby="${described}"${required}>${value}</textarea>`;
}

function options({ name, question: asked }: FormField, fields: FeedbackForm['fields']): Html[] {
  if (asked.kind === 'choices') {
    return asked.options.map(({ value, label }) => {
      const box = optionField(name, value);
      return html`<label class="option"><input type="checkbox" name="${box}" value="on"${fields[box] === 'on' ? html` checked` : ''}><span>${label}</span></label>`;
    });
  }
  const required = asked.required && asked.when === undefined ? html` required` : '';
  return offered(asked).map(
    ({ value, label }) =>
      html`<label class="option"><input type="radio" name="${name}" value="${value}"${required}${value === fields[name] ? html` checked` : ''}><span>${label}</span></label>`,
  );
}

function offered(question: Question): readonly { value: string; label: string }[] {
  if (question.kind === 'choice') return question.options;
  if (question.kind !== 'rating') return [];
  return Array.from({ length: question.to - question.from + 1 }, (_, index) => {
    const value = String(question.from + index);
    return { value, label: value };
  });
}

/** When a question is asked at all, as a sentence; empty where always. */
function conditionWords({ questions }: Evaluation, { when }: Question): string {
  if (when === undefined) return '';
  const other = questions.find(({ name }) => name === when.question);
  if (other === undefined) return '';
  const values = when.is.map((value) => valueWords(other, value)).join(' or ');
  return `Only if “${other.label}” is: ${values}.`;
}

function reason({ fields, errors }: FeedbackForm): Html {
  const error = errors.get('reason');
  return html`<div class="question${error === undefined ? '' : ' has-error'}"><label for="reason">Reason for the correction<span class="required"> (required)</span></label>
<p class="help">What you sent before stays as it is; this becomes a new version beside it.</p>
${error === undefined ? '' : html`<p class="error">${error}</p>`}
<textarea id="reason" name="reason" rows="2" maxlength="2000" required>${fields.reason ?? ''}</textarea></div>`;
}
