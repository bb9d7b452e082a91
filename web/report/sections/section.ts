import { html } from 'hono/html';
import type { Stage } from '../../../schemas/evaluation.ts';
import type { ArmReport } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';

/** Stages as they are called within a sentence; a form has titles of its own for them. */
export const STAGE_PHRASES: Readonly<Record<Stage, string>> = {
  quality: 'quality review',
  unaided: 'before the model was shown',
  aided: 'with the model in view',
  adjudication: 'adjudication',
  blinded: 'of one segmentation of several',
};

/** What is told of an arm, or of an evaluation without arms. */
export type ArmFigures = Omit<ArmReport, 'arm'>;

export const section = (title: string, body: Html) => html`<section class="card"><h2>${title}</h2>${body}</section>`;

export const table = (head: readonly string[], rows: readonly Html[]) =>
  html`<div class="scroll"><table class="figures"><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

/** In place of a table that would be empty. */
export const nothing = (text: string) => html`<p class="muted">${text}</p>`;
