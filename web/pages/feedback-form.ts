import { html } from 'hono/html';
import type { Evaluation, Feedback, Question } from '../../schemas/evaluation.ts';
import type { Result } from '../../schemas/result.ts';
import { type FormField, fieldsOfAnswers, formGroups } from '../feedback/form.ts';
import { type Html, moment, type Viewer } from './layout.ts';

export interface FeedbackForm {
  readonly run: string;
  readonly evaluation: Evaluation;
  readonly result: Result;
  /** Id of the entry that sending makes: sending twice makes one. */
  readonly id: string;
  /** Field name → what is filled in. */
  readonly fields: Readonly<Record<string, string>>;
  readonly errors: ReadonlyMap<string, string>;
  readonly savedAt: string | undefined;
  /** The version that this one corrects. */
  readonly corrects: Feedback | undefined;
  /** A sentence about what happened to the form. */
  readonly notice: string | undefined;
}

/** The form of an evaluation, empty or with what was entered before. */
export function feedbackForm(viewer: Viewer, form: FeedbackForm): Html {
  const { run, evaluation, result, errors, corrects } = form;
  const author = viewer.person?.name ?? '';
  return html`<section class="card feedback" id="feedback">
<h2>${evaluation.title}</h2>
${form.notice === undefined ? '' : html`<p class="notice" role="status">${form.notice}</p>`}
${errors.size === 0 ? '' : html`<p class="notice is-failed" role="alert">${errors.size === 1 ? 'One answer is' : `${errors.size} answers are`} missing or not valid; nothing was sent. What you entered is kept.</p>`}
<p class="muted">${evaluation.introduction}</p>
<form method="post" action="/runs/${run}/feedback#feedback" data-draft="/runs/${run}/feedback/draft" data-draft-key="${run}:${author}" data-saved-at="${form.savedAt ?? ''}">
<p class="notice is-warning" role="status" data-draft-aside hidden>Another draft was saved elsewhere since, and is shown. What this browser had kept was set aside.
<button type="button">Use what this browser had kept</button></p>
<input type="hidden" name="form-token" value="${viewer.formToken}">
<input type="hidden" name="id" value="${form.id}">
<input type="hidden" name="author" value="${author}">
<input type="hidden" name="evaluation-version" value="${evaluation.version}">
${formGroups(evaluation, result).map(
  (group) => html`<fieldset class="group"><legend>${group.title}</legend>
${group.fields.map((field) => question(field, form))}
</fieldset>`,
)}
${corrects === undefined ? '' : reason(form)}
<div class="actions">
<button class="primary" name="action" value="send">${corrects === undefined ? 'Send' : 'Send the correction'}</button>
<button name="action" value="draft" formnovalidate>Save draft</button>
${corrects === undefined ? '' : html`<a href="/runs/${run}#feedback">Leave as it was</a>`}
<span class="draft-state muted" role="status" data-draft-state>${form.savedAt === undefined ? '' : html`Draft saved ${moment(form.savedAt)}`}</span>
</div>
</form>
</section>`;
}

/** What was sent, to be read and not changed; with a way to a correction. */
export function sentFeedback(
  { run, author }: { run: string; author: string },
  evaluation: Evaluation,
  result: Result,
  versions: readonly Feedback[],
): Html {
  const latest = versions.at(-1);
  const earlier = versions.slice(0, -1).reverse();
  return html`<section class="card feedback is-sent" id="feedback" data-draft-sent="${run}:${author}">
<h2>${evaluation.title}</h2>
${latest === undefined ? '' : sentVersion(evaluation, result, latest)}
<p><a class="button" href="/runs/${run}?correct=1#feedback">Correct this</a></p>
${earlier.map((version) => html`<details><summary>Version ${version.version}, ${moment(version.createdAt)}</summary>${sentVersion(evaluation, result, version)}</details>`)}
</section>`;
}

function sentVersion(evaluation: Evaluation, result: Result, entry: Feedback): Html {
  const fields = fieldsOfAnswers(entry.answers);
  return html`<p class="sent-line"><span class="sent-mark" aria-hidden="true">✓</span> Sent by <strong>${entry.author}</strong>, ${moment(entry.createdAt)}${entry.version > 1 ? html`, version ${entry.version}` : ''}</p>
${entry.reason === null ? '' : html`<p class="reason">Reason for the correction: ${entry.reason}</p>`}
<dl class="answers">${formGroups(evaluation, result).flatMap((group) =>
    group.fields.map(
      ({
        name,
        question,
        about,
      }) => html`<div><dt>${group.title}${about === '' ? '' : html`, ${about}`}: ${question.label}</dt>
<dd>${answerText(question, fields[name])}</dd></div>`,
    ),
  )}</dl>
${entry.evaluationVersion === evaluation.version ? '' : html`<p class="muted">Given to version ${entry.evaluationVersion} of the form; now it is ${evaluation.version}.</p>`}`;
}

function answerText(question: Question, value: string | undefined): Html | string {
  if (value === undefined) return html`<span class="muted">not answered</span>`;
  if (question.kind === 'choice') return question.options.find((option) => option.value === value)?.label ?? value;
  if (question.kind === 'rating') return `${value} of ${question.to}`;
  return html`<span class="free-text">${value}</span>`;
}

function question(field: FormField & { about: string }, { fields, errors }: FeedbackForm): Html {
  const { name, question: asked, about } = field;
  const error = errors.get(name);
  const value = fields[name] ?? '';
  const id = `f-${name.replaceAll(/[^a-z0-9]/gi, '-')}`;
  const described = [asked.help === '' ? '' : `${id}-help`, error === undefined ? '' : `${id}-error`]
    .filter(Boolean)
    .join(' ');
  const label = html`${asked.label}${about === '' ? '' : html`, ${about}`}${asked.required ? html`<span class="required"> (required)</span>` : ''}`;
  const help = html`${asked.help === '' ? '' : html`<p class="help" id="${id}-help">${asked.help}</p>`}${error === undefined ? '' : html`<p class="error" id="${id}-error">${error}</p>`}`;
  if (asked.kind === 'text') {
    return html`<div class="question${error === undefined ? '' : ' has-error'}"><label for="${id}">${label}</label>${help}
<textarea id="${id}" name="${name}" rows="3" maxlength="${asked.maxLength}" aria-describedby="${described}"${asked.required ? html` required` : ''}>${value}</textarea></div>`;
  }
  return html`<div class="question${error === undefined ? '' : ' has-error'}" role="radiogroup" aria-labelledby="${id}" aria-describedby="${described}">
<span class="label" id="${id}">${label}</span>${help}
<div class="options">${options(asked).map(
    (option) =>
      html`<label class="option"><input type="radio" name="${name}" value="${option.value}"${asked.required ? html` required` : ''}${option.value === value ? html` checked` : ''}><span>${option.label}</span></label>`,
  )}</div>
${asked.kind === 'rating' ? html`<div class="rating-ends"><span>${asked.from} ${asked.fromLabel}</span><span>${asked.to} ${asked.toLabel}</span></div>` : ''}
</div>`;
}

function options(question: Exclude<Question, { kind: 'text' }>): readonly { value: string; label: string }[] {
  if (question.kind === 'choice') return question.options;
  return Array.from({ length: question.to - question.from + 1 }, (_, index) => {
    const value = String(question.from + index);
    return { value, label: value };
  });
}

function reason({ fields, errors }: FeedbackForm): Html {
  const error = errors.get('reason');
  return html`<div class="question${error === undefined ? '' : ' has-error'}"><label for="reason">Reason for the correction<span class="required"> (required)</span></label>
<p class="help">What you sent before stays as it is; this becomes a new version beside it.</p>
${error === undefined ? '' : html`<p class="error">${error}</p>`}
<textarea id="reason" name="reason" rows="2" maxlength="2000" required>${fields.reason ?? ''}</textarea></div>`;
}
