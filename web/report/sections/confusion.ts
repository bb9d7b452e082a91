import { html } from 'hono/html';
import type { ConfusionView, EvaluationReport } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';
import { NOT_FOUND } from '../beside-model.ts';
import { type ArmFigures, nothing, STAGE_PHRASES, section, table, type Wording } from './section.ts';

/** What readers answered beside what the model said, and what they changed when they saw it. */
export function confusionSection({ confusion, influence }: ArmFigures, words: Wording): Html {
  if (confusion.length === 0) {
    return section('Readers and the model', nothing('No answer stands beside one of the model yet.'));
  }
  return section(
    'Readers and the model',
    html`${influence.length === 0 ? '' : influenceTable(influence, words)}<h3>What readers said, and what the model said</h3><div class="matrices">${confusion.map((one) => matrix(one, words))}</div>`,
  );
}

function influenceTable(influence: EvaluationReport['influence'], words: Wording): Html {
  return html`<h3>What readers changed when they saw the model’s result</h3>
${table(
  [
    'Reader',
    'Question',
    'Answered twice',
    'Unchanged',
    'Changed to the model',
    'Changed from the model',
    'Changed otherwise',
    'Wrong, then right',
    'Right, then wrong',
  ],
  influence.map(
    ({
      reader,
      question,
      cases,
      unchanged,
      towards,
      away,
      otherwise,
      corrected,
      spoiled,
      rows,
    }) => html`<tr><th scope="row">${reader}</th>
<td>${words.question(question)}</td><td class="number"><a href="${rows}">${cases}</a></td>${[unchanged, towards, away, otherwise].map((count) => html`<td class="number">${count}</td>`)}
${[corrected, spoiled].map((count) => html`<td class="number">${count ?? '–'}</td>`)}</tr>`,
  ),
)}`;
}

function matrix({ question, stage, reader, categories, table: counts, rows }: ConfusionView, words: Wording): Html {
  const heading = (scope: 'row' | 'col') => (name: string) =>
    html`<th scope="${scope}">${words.option(question, name)}</th>`;
  // That something was not found only the model can say.
  const answered = categories.filter((name) => name !== NOT_FOUND);
  return html`<div class="scroll"><table class="matrix"><caption><a href="${rows}">${reader}</a>, ${STAGE_PHRASES[stage]}: ${words.question(question)}</caption>
<thead><tr><th scope="col">reader ↓ model →</th>${categories.map(heading('col'))}</tr></thead>
<tbody>${answered.map(
    (name, row) =>
      html`<tr>${heading('row')(name)}${categories.map(
        (_, column) => html`<td class="number${row === column ? ' is-same' : ''}">${counts[row]?.[column] ?? 0}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}
