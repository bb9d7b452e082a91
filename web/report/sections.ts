import { html } from 'hono/html';
import type { Stage } from '../../schemas/evaluation.ts';
import type {
  AccuracyView,
  ArmReport,
  ConfusionView,
  EvaluationReport,
  QuestionAgreement,
  ReaderProgress,
  VolumeAgreement,
} from '../../schemas/report.ts';
import { type Html, moment } from '../pages/layout.ts';
import { NOT_FOUND } from './beside-model.ts';
import { coefficient, duration, fixed, measured, proportion, spread } from './figures.ts';
import { agreementPlot } from './plot.ts';

/** Stages as people say them. */
export const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  quality: 'quality review',
  unaided: 'before the model was shown',
  aided: 'with the model in view',
  adjudication: 'adjudication',
  blinded: 'of one segmentation of several',
};

type ArmFigures = Omit<ArmReport, 'arm'>;

const section = (title: string, body: Html) => html`<section class="card"><h2>${title}</h2>${body}</section>`;

const table = (head: readonly string[], rows: readonly Html[]) =>
  html`<div class="scroll"><table class="figures"><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

const nothing = (text: string) => html`<p class="muted">${text}</p>`;

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

export function progressSection({ readers }: ArmFigures): Html {
  if (readers.length === 0) return section('Readers', nothing('Nobody has been given an exam or answered yet.'));
  const stages = (['quality', 'unaided', 'aided', 'adjudication'] as const).filter((stage) =>
    readers.some(({ sent }) => (sent[stage] ?? 0) > 0),
  );
  const row = ({ reader, assigned, sent, drafts, corrections, agreedWithAll, lastSentAt, rows }: ReaderProgress) =>
    html`<tr><th scope="row"><a href="${rows}">${reader}</a></th><td class="number">${assigned ?? 'all'}</td>
${stages.map((stage) => html`<td class="number">${sent[stage] ?? 0}</td>`)}<td class="number">${drafts}</td>
<td class="number">${corrections}</td><td class="number">${agreedWithAll}</td><td>${lastSentAt === null ? '–' : moment(lastSentAt)}</td></tr>`;
  const sent = stages.map((stage) => `Sent: ${STAGE_WORDS[stage]}`);
  const head = ['Reader', 'Exams given', ...sent, 'Drafts', 'Corrected', 'Agreed with all', 'Last'];
  return section('Readers', table(head, readers.map(row)));
}

export function accuracySection({ reference, accuracy }: ArmFigures): Html {
  if (reference === null) {
    return section('Against the reference standard', nothing('This evaluation names no reference standard.'));
  }
  const { question, positive, negative, exams, examsWithout, settled, alike, singleReader, neither, rows } = reference;
  const all = accuracy.filter(({ group }) => group === 'all');
  const groups = accuracy.filter(({ group }) => group !== 'all');
  return section(
    'Against the reference standard',
    html`<p>Reference: <em>${question}</em>, what the adjudicator said, else what all readers of an exam answered alike before they saw the model.
Positive: ${positive.join(', ')}; negative: ${negative.join(', ')}. <a href="${rows}">${settled + alike + singleReader}</a> answers have one:
${settled} by adjudication, ${alike} by several readers alike, ${singleReader} by one reader alone; of ${neither} it says neither.
Exams with a result: ${exams}, of which ${examsWithout} have no reference and are counted nowhere below.</p>
${
  all.length === 0
    ? nothing('Nothing has a reference yet.')
    : html`${table(ACCURACY_HEAD, all.map(accuracyRow))}
<p class="muted">Readers’ own unaided answers make the reference where nobody settled it: their accuracy before the model was shown says little.
Predictive values hold for how frequent positives are here.</p>`
}
<h3>What the model said, and what the reference says</h3>${referenceMatrix(reference)}
${groups.length === 0 ? '' : html`<h3>The model by age, scanner and sex</h3>${table(ACCURACY_HEAD, groups.map(accuracyRow))}`}`,
  );
}

function referenceMatrix({
  confusion: { categories, table: counts },
  rows,
}: NonNullable<EvaluationReport['reference']>) {
  const said = categories.filter((name) => name !== NOT_FOUND);
  return html`<div class="scroll"><table class="matrix"><caption><a href="${rows}">Model</a> and reference</caption>
<thead><tr><th scope="col">model ↓ reference →</th>${said.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${categories.map(
    (name, row) =>
      html`<tr><th scope="row">${name}</th>${said.map((reference) => html`<td class="number${name === reference ? ' is-same' : ''}">${counts[row]?.[categories.indexOf(reference)] ?? 0}</td>`)}</tr>`,
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
  const who = of.reader === null ? 'Model' : `${of.reader}, ${STAGE_WORDS[of.stage ?? 'aided']}`;
  return html`<tr><th scope="row"><a href="${of.rows}">${of.group === 'all' ? who : of.group}</a></th><td class="number">${of.patients}</td>
<td>${proportion(of.sensitivity)}</td><td>${proportion(of.specificity)}</td>
<td>${proportion(of.positivePredictiveValue)}</td><td>${proportion(of.negativePredictiveValue)}</td>
<td class="number">${of.inconclusive}</td></tr>`;
}

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
  return html`<tr><th scope="row">${label}</th><td>${STAGE_WORDS[stage]}</td><td class="number">${readers.length}</td>
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
<td>${STAGE_WORDS[stage]}</td><td>${readers.join(', ')}</td><td class="number"><a href="${rows}">${cases}</a></td><td class="number">${alike}</td>
<td>${coefficient(kappa)}</td>${[linearKappa, quadraticKappa].map((one) => html`<td>${one === null ? html`<span class="muted">no order</span>` : coefficient(one)}</td>`)}</tr>`,
    ),
  )}`;
}

export function confusionSection({ confusion, influence }: ArmFigures): Html {
  if (confusion.length === 0) {
    return section('Readers and the model', nothing('No answer stands beside one of the model yet.'));
  }
  return section(
    'Readers and the model',
    html`${influence.length === 0 ? '' : influenceTable(influence)}<h3>What readers said, and what the model said</h3><div class="matrices">${confusion.map(matrix)}</div>`,
  );
}

function influenceTable(influence: EvaluationReport['influence']): Html {
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
<td>${question}</td><td class="number"><a href="${rows}">${cases}</a></td>${[unchanged, towards, away, otherwise].map((count) => html`<td class="number">${count}</td>`)}
${[corrected, spoiled].map((count) => html`<td class="number">${count ?? '–'}</td>`)}</tr>`,
  ),
)}`;
}

function matrix({ question, stage, reader, categories, table: counts, rows }: ConfusionView): Html {
  // That something was not found only the model can say.
  const answered = categories.filter((name) => name !== NOT_FOUND);
  return html`<div class="scroll"><table class="matrix"><caption><a href="${rows}">${reader}</a>, ${STAGE_WORDS[stage]}: ${question}</caption>
<thead><tr><th scope="col">reader ↓ model →</th>${categories.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${answered.map(
    (name, row) =>
      html`<tr><th scope="row">${name}</th>${categories.map(
        (_, column) => html`<td class="number${row === column ? ' is-same' : ''}">${counts[row]?.[column] ?? 0}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

export function volumesSection({ volumes }: ArmFigures): Html | string {
  if (volumes.length === 0) return '';
  return section(
    'Volumes: people and the model',
    html`${table(
      [
        'Structure',
        'Whose',
        'Pairs',
        'Bias (person − model)',
        'Limits of agreement',
        'Dice',
        '95 % surface distance',
        'Time',
      ],
      volumes.map(volumeRow),
    )}
<div class="matrices">${volumes.map(agreementPlot)}</div>
<p class="muted">Exams of one patient are a cluster: limits hold differences between patients and within them, and intervals count patients, not pairs.
There are none where the pairs are of fewer than three patients with several exams. An edit begins at the model’s outline, so it tells how much a person changed, not how a
person would have drawn it.</p>`,
  );
}

function volumeRow(of: VolumeAgreement): Html {
  const { structure, source, pairs, exams, patients, blandAltman, rows } = of;
  const limits =
    'because' in blandAltman
      ? html`<td colspan="2" class="muted">– <span class="side-source">${blandAltman.because}</span></td>`
      : html`<td>${measured(blandAltman.bias, 'mL')}</td><td>${measured(blandAltman.lowerLimit, 'mL')}<br>${measured(blandAltman.upperLimit, 'mL')}</td>`;
  return html`<tr><th scope="row">${structure}</th><td>${source}</td>
<td class="number"><a href="${rows}">${pairs}</a><span class="second">${exams === 1 ? '1 exam' : `${exams} exams`}<br>${patients === 1 ? '1 patient' : `${patients} patients`}</span></td>${limits}
<td>${spread(of.dice, fixed)}</td><td>${spread(of.surfaceDistance95, (mm) => `${mm.toFixed(1)} mm`)}</td><td>${spread(of.minutes, duration)}</td></tr>`;
}

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

/** What was decided of the pipeline's versions, and by whom. */
export function approvalSection({ approvals }: EvaluationReport): Html {
  return section(
    'Approval for clinical receivers',
    approvals.length === 0
      ? html`<p class="muted">No version of the pipeline has been approved: results go to research receivers only.</p>`
      : table(
          ['Version', 'Decision', 'By', 'When', 'Reason'],
          approvals.map(
            ({
              pipelineVersion,
              decision,
              author,
              decidedAt,
              reason,
            }) => html`<tr><th scope="row">${pipelineVersion}</th><td>${decision}</td>
<td>${author}</td><td>${moment(decidedAt)}</td><td>${reason}</td></tr>`,
          ),
        ),
  );
}

function reviewTable(reviewTimes: EvaluationReport['reviewTimes']): Html {
  return html`<h3>How long readers are at a form</h3>${table(
    ['Reader', 'Stage', 'Forms', 'At work', 'From opening to sending, with every pause'],
    reviewTimes.map(
      ({ reader, stage, active, whole, rows }) => html`<tr><th scope="row">${reader}</th><td>${STAGE_WORDS[stage]}</td>
<td class="number"><a href="${rows}">${'because' in active ? 0 : active.count}</a></td><td>${spread(active, duration)}</td><td>${spread(whole, duration)}</td></tr>`,
    ),
  )}`;
}
