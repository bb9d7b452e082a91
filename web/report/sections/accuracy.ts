import { html } from 'hono/html';
import type { AccuracyView, EvaluationReport } from '../../../schemas/report.ts';
import type { Html } from '../../pages/layout.ts';
import { NOT_FOUND } from '../beside-model.ts';
import { proportion } from '../figures.ts';
import { type ArmFigures, nothing, STAGE_PHRASES, section, table, type Wording } from './section.ts';

/** The model and the readers held against what is taken for true. */
export function accuracySection({ reference, accuracy }: ArmFigures, words: Wording): Html {
  if (reference === null) {
    return section('Against the reference standard', nothing('This evaluation names no reference standard.'));
  }
  const { question, positive, negative, exams, examsWithout, settled, alike, singleReader, neither, rows } = reference;
  const options = (values: readonly string[]) => values.map((value) => words.option(question, value)).join(', ');
  const all = accuracy.filter(({ group }) => group === 'all');
  const groups = accuracy.filter(({ group }) => group !== 'all');
  return section(
    'Against the reference standard',
    html`<p>Reference: <em>${words.question(question)}</em>, what the adjudicator said, else what all readers of an exam answered alike before they saw the model.
Positive: ${options(positive)}; negative: ${options(negative)}. With a reference: <a href="${rows}">${settled + alike + singleReader}</a>,
${settled} by adjudication, ${alike} by several readers alike, ${singleReader} by one reader alone; of ${neither} it says neither.
Exams with a result: ${exams}, of which ${examsWithout} have no reference and are counted nowhere below.</p>
${
  all.length === 0
    ? nothing('Nothing has a reference yet.')
    : html`${table(ACCURACY_HEAD, all.map(accuracyRow))}
<p class="muted">Readers’ own unaided answers make the reference where nobody settled it: their accuracy before the model was shown says little.
Predictive values hold for how frequent positives are here.</p>`
}
<h3>What the model said, and what the reference says</h3>${referenceMatrix(reference, words)}
${groups.length === 0 ? '' : html`<h3>The model by age, scanner and sex</h3>${table(ACCURACY_HEAD, groups.map(accuracyRow))}`}`,
  );
}

function referenceMatrix(
  { question, confusion: { categories, table: counts }, rows }: NonNullable<EvaluationReport['reference']>,
  words: Wording,
) {
  const said = categories.filter((name) => name !== NOT_FOUND);
  return html`<div class="scroll"><table class="matrix"><caption><a href="${rows}">Model</a> and reference</caption>
<thead><tr><th scope="col">model ↓ reference →</th>${said.map((name) => html`<th scope="col">${words.option(question, name)}</th>`)}</tr></thead>
<tbody>${categories.map(
    (name, row) =>
      html`<tr><th scope="row">${words.option(question, name)}</th>${said.map((reference) => html`<td class="number${name === reference ? ' is-same' : ''}">${counts[row]?.[categories.indexOf(reference)] ?? 0}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

const ACCURACY_HEAD = [
  'Who',
  'Patients',
  'Sensitivity',
  'Specificity',
  'Positive predictive value',
  'Negative predictive value',
  'Said neither',
];

function accuracyRow(of: AccuracyView): Html {
  const who = of.reader === null ? 'Model' : `${of.reader}, ${STAGE_PHRASES[of.stage ?? 'aided']}`;
  return html`<tr><th scope="row"><a href="${of.rows}">${of.group === 'all' ? who : of.group}</a></th><td class="number">${of.patients}</td>
<td>${proportion(of.sensitivity)}</td><td>${proportion(of.specificity)}</td>
<td>${proportion(of.positivePredictiveValue)}</td><td>${proportion(of.negativePredictiveValue)}</td>
<td class="number">${of.inconclusive}</td></tr>`;
}
