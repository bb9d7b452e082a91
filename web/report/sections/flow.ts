import { html } from 'hono/html';
import type { EvaluationReport } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';
import { type ArmFigures, section } from './section.ts';

/** From the exams that were sent to those that have a reference, and why the others fell out. */
export function flowSection({ flow }: ArmFigures): Html {
  return section(
    'Exams and why some fell out',
    html`<ol class="flow">${flow.steps.map(
      ({
        name,
        label,
        count,
        rows,
      }) => html`<li><p class="flow-step"><a class="number" href="${rows}">${count}</a> ${label}</p>
${excluded(flow.exclusions.filter(({ from }) => from === flow.steps[flow.steps.findIndex((step) => step.name === name) + 1]?.name))}</li>`,
    )}</ol>`,
  );
}

function excluded(exclusions: EvaluationReport['flow']['exclusions']): Html | string {
  if (exclusions.length === 0) return '';
  return html`<ul class="flow-out">${exclusions.map(
    ({ label, count, rows }) => html`<li><a class="number" href="${rows}">${count}</a> ${label}</li>`,
  )}</ul>`;
}
