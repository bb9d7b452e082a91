import { html } from 'hono/html';
import type { Evaluation, Stage } from '../../../schemas/evaluation.ts';
import type { ArmReport } from '../../../schemas/report.ts';
import { valueWords } from '../../feedback/answer.ts';
import type { Html } from '../../pages/layout.ts';

/** Stages as they are called within a sentence; a form has titles of its own for them. */
export const STAGE_PHRASES: Readonly<Record<Stage, string>> = {
  quality: 'quality review',
  unaided: 'before the model was shown',
  aided: 'with the model in view',
  adjudication: 'adjudication',
  blinded: 'of one segmentation of several',
};

/** What the form says in place of names. */
export interface Wording {
  question(name: string): string;
  /** What the form does not offer, such as what only the model can say, stays as it is. */
  option(question: string, value: string): string;
}

/** The words of an evaluation's form. */
export function wordingOf({ questions }: Pick<Evaluation, 'questions'>): Wording {
  const byName = new Map(questions.map((question) => [question.name, question]));
  return {
    question: (name) => byName.get(name)?.label ?? name,
    option: (name, value) => {
      const question = byName.get(name);
      return question === undefined ? value : valueWords(question, value);
    },
  };
}

/** What is told of an arm, or of an evaluation without arms. */
export type ArmFigures = Omit<ArmReport, 'arm'>;

export const section = (title: string, body: Html) => html`<section class="card"><h2>${title}</h2>${body}</section>`;

export const table = (head: readonly string[], rows: readonly Html[]) =>
  html`<div class="scroll"><table class="figures"><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

/** In place of a table that would be empty. */
export const nothing = (text: string) => html`<p class="muted">${text}</p>`;
