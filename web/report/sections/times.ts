import { html } from 'hono/html';
import type { EvaluationReport } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';
import { duration, spread } from '../figures.ts';
import { type ArmFigures, STAGE_PHRASES, section, table } from './section.ts';

/** How long exams wait on their way, and how long readers are at a form. */
export function timesSection({ times, reviewTimes }: ArmFigures): Html {
  return section(
    'Times',
    html`${table(
      ['From, to', 'Exams', 'Median'],
      times.map(
        ({ label, minutes, rows }) => html`<tr><th scope="row">${label}</th>
<td class="number"><a href="${rows}">${'because' in minutes ? 0 : minutes.count}</a></td><td>${spread(minutes, duration)}</td></tr>`,
      ),
    )}
${reviewTimes.length === 0 ? '' : reviewTable(reviewTimes)}`,
  );
}

function reviewTable(reviewTimes: EvaluationReport['reviewTimes']): Html {
  return html`<h3>How long readers are at a form</h3>${table(
    ['Reader', 'Stage', 'Forms', 'At work', 'From opening to sending, with every pause'],
    reviewTimes.map(
      ({
        reader,
        stage,
        active,
        whole,
        rows,
      }) => html`<tr><th scope="row">${reader}</th><td>${STAGE_PHRASES[stage]}</td>
<td class="number"><a href="${rows}">${'because' in active ? 0 : active.count}</a></td><td>${spread(active, duration)}</td><td>${spread(whole, duration)}</td></tr>`,
    ),
  )}`;
}
