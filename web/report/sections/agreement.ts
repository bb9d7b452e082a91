import { html } from 'hono/html';
import type { QuestionAgreement } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';
import { coefficient } from '../figures.ts';
import { type ArmFigures, nothing, STAGE_PHRASES, section, table } from './section.ts';

/** How far readers agree among themselves. */
export function agreementSection({ agreement }: ArmFigures): Html {
  if (agreement.length === 0) return section('Agreement between readers', nothing('Nobody has answered yet.'));
  return section(
    'Agreement between readers',
    html`${table(
      [
        'Question',
        'Stage',
        'Readers',
        'Answered about',
        'Fleiss’ kappa',
        'ICC(2,1), agreement',
        'ICC(3,1), consistency',
      ],
      agreement.map(agreementRow),
    )}
${pairTable(agreement)}`,
  );
}

function agreementRow({ label, stage, readers, cases, fleissKappa, icc, rows }: QuestionAgreement): Html {
  const correlations =
    icc === null
      ? html`<td colspan="2" class="muted">not a number</td>`
      : 'because' in icc
        ? html`<td colspan="2">${coefficient(icc)}</td>`
        : html`<td>${coefficient(icc.agreement)}</td><td>${coefficient(icc.consistency)}</td>`;
  return html`<tr><th scope="row">${label}</th><td>${STAGE_PHRASES[stage]}</td><td class="number">${readers.length}</td>
<td class="number"><a href="${rows}">${cases}</a></td><td>${coefficient(fleissKappa)}</td>${correlations}</tr>`;
}

function pairTable(agreement: readonly QuestionAgreement[]): Html | string {
  const pairs = agreement.flatMap(({ label, stage, pairs: own }) => own.map((pair) => ({ label, stage, ...pair })));
  if (pairs.length === 0) return '';
  return html`<h3>Two readers at a time</h3>${table(
    ['Question', 'Stage', 'Readers', 'Both answered', 'Alike', 'Cohen’s kappa', 'Linear weights', 'Quadratic weights'],
    pairs.map(
      ({
        label,
        stage,
        readers,
        cases,
        alike,
        kappa,
        linearKappa,
        quadraticKappa,
        rows,
      }) => html`<tr><th scope="row">${label}</th>
<td>${STAGE_PHRASES[stage]}</td><td>${readers.join(', ')}</td><td class="number"><a href="${rows}">${cases}</a></td><td class="number">${alike}</td>
<td>${coefficient(kappa)}</td>${[linearKappa, quadraticKappa].map((one) => html`<td>${one === null ? html`<span class="muted">no order</span>` : coefficient(one)}</td>`)}</tr>`,
    ),
  )}`;
}
