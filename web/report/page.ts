import { html } from 'hono/html';
import type { Evaluation, Reading } from '../../schemas/evaluation.ts';
import type { ArmReport, EvaluationReport } from '../../schemas/report.ts';
import { may } from '../accounts/rights.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';
import { rowsAt, type Table } from './links.ts';
import { accuracySection } from './sections/accuracy.ts';
import { agreementSection } from './sections/agreement.ts';
import { approvalSection } from './sections/approval.ts';
import { confusionSection } from './sections/confusion.ts';
import { flowSection } from './sections/flow.ts';
import { progressSection } from './sections/progress.ts';
import { type ArmFigures, type Wording, wordingOf } from './sections/section.ts';
import { timesSection } from './sections/times.ts';
import { volumesSection } from './sections/volumes.ts';

const MODES: Readonly<Record<string, string>> = {
  'model-shown': 'Readers see the model’s result from the start',
  'unaided-first': 'Readers read the images first, which is locked, and then see the model’s result',
  'never-revealed': 'Readers never see the model’s result',
  blinded: 'Readers judge several segmentations of an exam and do not know who made which',
};

const TABLES: readonly { readonly table: Table; readonly label: string }[] = [
  { table: 'export', label: 'Answers' },
  { table: 'cases', label: 'Exams' },
  { table: 'reference', label: 'Reference standard' },
  { table: 'volumes', label: 'Volumes' },
  { table: 'dictionary', label: 'Data dictionary' },
];

/** `/evaluations`: those that somebody leads. */
export function evaluationsPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'>,
  viewer: Viewer,
  evaluations: readonly Evaluation[],
): Html {
  return layout({
    parts,
    viewer,
    title: 'Evaluations',
    body: html`<div class="page-title"><h1>Evaluations</h1></div>
<div class="scroll"><table class="worklist"><thead><tr><th scope="col">Evaluation</th><th scope="col">Pipeline</th><th scope="col">Form</th><th scope="col">How it is read</th></tr></thead>
<tbody>${evaluations.map(
      ({
        name,
        title,
        pipeline,
        version,
        reading,
      }) => html`<tr><td><a class="row-link" href="/evaluations/${name}">${title}</a></td>
<td>${parts.pipelines.get(pipeline)?.title ?? pipeline}</td><td class="number">${version}</td><td>${MODES[reading.mode]}${reading.arms === undefined ? '' : html` <span class="second">${reading.arms.length} arms</span>`}</td></tr>`,
    )}</tbody></table></div>`,
  });
}

/** `/evaluations/<name>` while the report is being made for the first time. */
export function waitingPage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  { title }: Pick<Evaluation, 'title'>,
): Html {
  return layout({
    parts,
    viewer,
    title: `${title}: report`,
    body: html`<div class="page-title"><h1>${title}: report</h1></div>
<section class="message" role="status"><h2>The report is being made</h2>
<p>There are many exams to count. This page looks again by itself in a few seconds.</p></section>`,
  });
}

/** `/evaluations/<name>`: what the evaluation lead and the committee read, on the screen and on paper. */
export function reportPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines' | 'blinded'>,
  viewer: Viewer,
  { evaluation, report }: { readonly evaluation: Evaluation; readonly report: EvaluationReport },
): Html {
  const { name } = evaluation;
  const words = wordingOf(evaluation);
  return layout({
    parts,
    viewer,
    title: `${evaluation.title}: report`,
    body: html`<article class="report">
<div class="page-title"><h1>${evaluation.title}: report</h1>
<p class="muted">as of ${moment(report.asOf)} <a class="on-screen" href="/evaluations/${name}?anew=1">Make it anew</a></p></div>
<p>${parts.pipelines.get(report.pipeline)?.title ?? report.pipeline}; form ${report.evaluationVersion}. ${howRead(evaluation)}.
<a class="on-screen" href="/evaluations/${name}/readers">Readers and their exams</a></p>
${blindedReads(parts, viewer, evaluation)}
<p class="notice"><strong>What counts.</strong> ${report.rule}${otherVersions(report)}${earlierRuns(report)}</p>
<p class="on-screen downloads">Tables (CSV): ${TABLES.map(({ table, label }, index) => html`${index > 0 ? ' · ' : ''}<a href="${rowsAt(evaluation, table)}">${label}</a>`)}.
Each figure below that is a link leads to its own rows.</p>
${report.arms.length === 0 ? figures(report, words) : html`${flowSection(report)}${report.arms.map((one) => arm(one, words))}`}
${approvalSection(report)}
<section class="card"><h2>How it is computed</h2>
<p>Intervals hold 95 %. Cohen’s kappa: Fleiss, Cohen and Everitt 1969. Fleiss’ kappa: interval by Gwet 2008. ICC(2,1) and ICC(3,1):
Shrout and Fleiss 1979, McGraw and Wong 1996. Proportions by case: Wilson 1927; by patient: Wilson’s interval for the number of
independent cases that the variance between patients is worth (Rao and Scott 1992, Genders 2012), since two hips of a person are
not two people. Bias and limits of agreement: Bland and Altman 1999; where patients have several exams, by
patient: Bland and Altman 2007, intervals by the jackknife over patients. Quartiles: type 7 of Hyndman and Fan.</p></section>
</article>`,
  });
}

/** Reports on blinded reads of the same pipeline, for who leads those too. */
function blindedReads(
  { blinded }: Pick<Parts, 'blinded'>,
  { person }: Viewer,
  { pipeline }: Evaluation,
): Html | string {
  const led = [...blinded.values()].filter(
    (one) => one.pipeline === pipeline && person !== undefined && may(person, 'lead', one.name),
  );
  if (led.length === 0) return '';
  return html`<p class="on-screen">Blinded reads of its segmentations have a report of their own: ${led.map(
    ({ name, title }, index) => html`${index > 0 ? ', ' : ''}<a href="/evaluations/${name}">${title}</a>`,
  )}.</p>`;
}

/** What is told of exams that are read in one way. */
function figures(of: ArmFigures, words: Wording): Html {
  return html`${flowSection(of)}
${progressSection(of)}
${accuracySection(of, words)}
${agreementSection(of)}
${confusionSection(of, words)}
${volumesSection(of)}
${timesSection(of)}`;
}

function arm(of: ArmReport, words: Wording): Html {
  return html`<section class="arm" aria-labelledby="arm-${of.arm}"><h2 class="arm-title" id="arm-${of.arm}">Arm ${of.arm}</h2>
<p>${MODES[of.mode]}. Nothing below is counted together with another arm.</p>
${figures(of, words)}</section>`;
}

function howRead({ reading }: Evaluation): string {
  return armsWords(reading) ?? MODES[reading.mode] ?? reading.mode;
}

/** How exams come to arms, in words; undefined where there are none. */
export function armsWords({ arms, stratify }: Reading): string | undefined {
  if (arms === undefined) return undefined;
  const shares = arms.map(({ name, share }) => `${name} (${share})`).join(' : ');
  const alike = stratify === undefined ? '' : `, balanced by ${stratify.join(', ')}`;
  return `Exams come at random to the arms ${shares}, in permuted blocks${alike}`;
}

function earlierRuns({ ofEarlierRuns: { entries, rows } }: EvaluationReport): Html | string {
  if (entries === 0) return '';
  return html` Given to an earlier run of an exam, and not counted: <a href="${rows}">${entries}</a>.`;
}

function otherVersions({ otherVersions: others }: EvaluationReport): Html | string {
  if (others.length === 0) return '';
  return html` Given to another version of the form, and not counted: ${others.map(
    ({ version, entries, rows }, index) => html`${index > 0 ? ', ' : ''}<a href="${rows}">${entries} of ${version}</a>`,
  )}.`;
}
