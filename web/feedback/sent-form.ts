import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import { type Feedback, Stage } from '../../schemas/evaluation.ts';
import { signInPage } from '../accounts/sign-in-page.ts';
import { themeOf } from '../pages/theme.ts';
import type { WebContext } from '../parts.ts';
import { type Asked, agreement, checkFields, fieldsOfAnswers } from './form.ts';
import { reviewTimeIn } from './review-time.ts';

/** What somebody is told whose form, or sign-in with a form behind it, is too large to be read. */
export const NOTHING_SAVED =
  'Nothing was saved. This browser keeps what you entered as a draft: go back, or sign in and open the run again, and shorten it.';

/** Most that a form may hold: fields, and characters of each. */
export const FormFields = z
  .record(z.string().max(200), z.string().max(25_000))
  .refine((fields) => Object.keys(fields).length <= 3000, 'too many fields');

/** A form as somebody has filled it in. */
export interface Filled {
  readonly asked: Asked;
  readonly fields: Readonly<Record<string, string>>;
  /** Those of them that the person filled in. */
  readonly answers: Readonly<Record<string, string>>;
  readonly corrects: Feedback | undefined;
}

/** What a form says, and what is wrong with it by field name; no id where the page's was not one. */
export function checkedForm({ asked, fields, answers, corrects }: Filled, now: Date) {
  const agreed = fields.action === 'agree' ? agreement(asked) : undefined;
  const checked = checkFields(asked, { ...answers, ...fieldsOfAnswers(agreed ?? []) });
  const errors = new Map(checked.errors);
  const reason = fields.reason?.trim() ?? '';
  if (corrects !== undefined && reason === '') errors.set('reason', 'A correction needs a reason.');
  return {
    id: z.uuid().safeParse(fields.id).data,
    answers: checked.answers,
    agreedWithAll: agreed !== undefined,
    reviewTime: reviewTimeIn(fields, now),
    reason: corrects === undefined ? null : reason,
    now,
    errors,
  };
}

/** The page for signing in, with the form behind it. @param page where the form is; its last part is what the form is about */
export function signInFirst(c: WebContext, fields: Readonly<Record<string, string>>, page: string) {
  const resume = JSON.stringify({ run: page.split('/').at(-1), author: fields.author, fields });
  return c.html(signInPage(c.var.parts, themeOf(c), { next: page, resume, name: fields.author ?? '' }), 401);
}

/** The stage that a form is for; a form without one was opened before there were stages. */
export function stageOfForm(fields: Readonly<Record<string, string>>): Stage {
  return Stage.catch('aided').parse(fields.stage);
}

/** The fields of a form that was sent. @throws {ProblemError} 413 */
export async function formFields(c: WebContext): Promise<Record<string, string>> {
  const body = await c.req.parseBody();
  const texts = Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const parsed = FormFields.safeParse(Object.fromEntries(texts));
  if (!parsed.success)
    throw new ProblemError(413, 'Form too large', `The form holds more than a form can hold. ${NOTHING_SAVED}`);
  return parsed.data;
}

/** What a person entered, without what the page put in. */
export function answerFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => (name.startsWith('answer:') || name === 'reason') && value !== ''),
  );
}
