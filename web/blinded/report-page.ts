import { html } from 'hono/html';
import type { BlindedFigures, BlindedReport, RatingsBySource } from '../../schemas/blinded.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';
import { assignmentWords } from '../reading/readers-page.ts';
import { coefficient, duration, fixed, measured, spread } from '../report/figures.ts';
import { armsWords } from '../report/page.ts';
import { MODEL } from './exams.ts';

const card = (title: string, body: Html) => html`<section class="card"><h2>${title}</h2>${body}</section>`;

const table = (head: readonly string[], rows: readonly Html[]) =>
  html`<div class="scroll"><table class="figures"><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

const nothing = (text: string) => html`<p class="muted">${text}</p>`;

/** `/evaluations/<name>` of blinded reads: for who leads them, and who therefore reads none. */
export function blindedReportPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'>,
  viewer: Viewer,
  { evaluation, report }: { readonly evaluation: Evaluation; readonly report: BlindedReport },
): Html {
  const { name, title, version, pipeline } = evaluation;
  const at = `/evaluations/${name}`;
  const arms = armsWords(evaluation.reading);
  return layout({
    parts,
    viewer,
    title: `${title}: report`,
    body: html`<article class="report"><div class="page-title"><h1>${title}: report</h1>
<p class="muted">as of ${moment(report.asOf)}</p></div>
<p>${parts.pipelines.get(pipeline)?.title ?? pipeline}; form ${version}. Readers judge ${report.sources.length} segmentations of an exam and do not know who made which: ${report.sources.join(', ')}.${arms === undefined ? '' : ` ${arms}.`}</p>
<p class="notice"><strong>What counts.</strong> ${report.rule}</p>
<p class="on-screen downloads">Tables (CSV): <a href="${at}/export.csv">Answers</a> · <a href="${at}/volumes.csv">Volumes</a> · <a href="${at}/dictionary.csv">Data dictionary</a>.
<a href="${at}/key">Whose each segmentation is</a> – every look at that is written down.</p>
${card('Exams', exams(report))}
${card('Readers', readers(evaluation, report))}
${report.arms.length === 0 ? figures(evaluation, report) : report.arms.map((of) => arm(evaluation, of))}
<section class="card"><h2>How it is computed</h2>
<p>Intervals hold 95 %. Fleiss’ kappa: interval by Gwet 2008. ICC(2,1): McGraw and Wong 1996. Bias and limits of agreement: Bland
and Altman 1999; where patients have several exams, by patient: Bland and Altman 2007, intervals by the jackknife over patients. Quartiles: type 7 of Hyndman and Fan.</p></section></article>`,
  });
}

/** What is told of exams that are read in one way. */
function figures(evaluation: Evaluation, of: BlindedFigures): Html {
  return html`${card('Answers by whose segmentation it was', ratings(evaluation, of))}
${card('Agreement between readers', agreement(of))}
${card('Volumes against each other', volumes(of))}
${card('Times', times(of))}`;
}

function readToTheEnd({ exams: given, complete }: Pick<BlindedReport, 'exams' | 'complete'>): string {
  const read = complete === 0 ? 'none is' : complete === 1 ? 'one is' : `${complete} are`;
  return `${given === 1 ? 'One exam' : `${given} exams`}, of which ${read} read to the end.`;
}

function arm(evaluation: Evaluation, of: BlindedReport['arms'][number]): Html {
  return html`<section class="arm" aria-labelledby="arm-${of.arm}"><h2 class="arm-title" id="arm-${of.arm}">Arm ${of.arm}</h2>
<p>${readToTheEnd(of)} Readers ${of.showVolumes ? 'see' : 'do not see'} the volumes. Nothing below is counted together with another arm.</p>
${figures(evaluation, of)}</section>`;
}

function exams({ exams: given, complete, waiting, sources }: BlindedReport): Html {
  const exam = (uid: string) => html`<span class="number" title="${uid}">…${uid.slice(-12)}</span>`;
  return html`<p><strong>${given === 1 ? 'One exam was' : `${given} exams were`} given to readers.</strong> ${complete === 0 ? 'None is' : complete === 1 ? 'One is' : `${complete} are`} read to the end. ${waiting.length === 0 ? 'None waits.' : waiting.length === 1 ? 'One waits:' : `${waiting.length} wait:`}</p>
${
  waiting.length === 0
    ? nothing(
        `An exam waits here from when the first segmentation by somebody else is brought in (overread segmentation import --source ${sources.find((source) => source !== MODEL) ?? 'NAME'}). Readers get it when there is one of each: ${sources.join(', ')}.`,
      )
    : table(
        ['Exam', 'There', 'Missing', 'Since', 'What happens'],
        waiting.map(
          ({
            studyInstanceUid,
            there,
            missing,
            since,
            readAt,
            whyNot,
          }) => html`<tr><th scope="row">${exam(studyInstanceUid)}</th>
<td>${there.join(', ')}</td><td>${missing.length === 0 ? '–' : missing.join(', ')}</td><td>${moment(since)}</td>
<td>${whyNot ?? (missing.length === 0 ? 'The copies are being made.' : readAt === null ? 'It waits for them.' : html`Read without them from ${moment(readAt)} on, if there are two.`)}</td></tr>`,
        ),
      )
}`;
}

function readers({ name }: Evaluation, { readersPerCase, assignment, short, readers: all }: BlindedReport): Html {
  const rule = html`<p>${assignmentWords({ readersPerCase, assignment })} <a class="on-screen" href="/evaluations/${name}/readers">Readers and their exams</a></p>
${short === 0 ? '' : html`<p class="notice is-warning">${short === 1 ? 'One exam has' : `${short} exams have`} fewer readers than that: there is nobody else who may read ${short === 1 ? 'it' : 'them'}.</p>`}`;
  if (all.length === 0) return html`${rule}${nothing('Nobody reads here yet.')}`;
  return html`${rule}${table(
    ['Reader', 'Segmentations judged', 'Corrected', 'Last'],
    all.map(
      ({ reader, sent, of, corrections, lastSentAt }) => html`<tr><th scope="row">${reader}</th>
<td class="number">${sent} of ${of}</td><td class="number">${corrections}</td><td>${lastSentAt === null ? '–' : moment(lastSentAt)}</td></tr>`,
    ),
  )}`;
}

function ratings({ questions }: Evaluation, { ratings: all, volumes: of }: BlindedFigures): Html {
  const titles = new Map(of.map(({ structure, title }) => [structure, title]));
  if (all.length === 0) return nothing('Nobody has sent anything yet.');
  const row = (one: RatingsBySource) => {
    const question = questions.find(({ name }) => name === one.question);
    const options = question !== undefined && 'options' in question ? question.options : [];
    return html`<tr><th scope="row">${one.label}${one.subject === 'exam' ? '' : html`<span class="second">${titles.get(one.subject) ?? one.subject}</span>`}</th><td>${one.source}</td>
<td class="number">${one.answers}</td><td class="number">${one.mean === null ? '–' : fixed(one.mean)}</td>
<td>${one.spread === null ? '–' : spread(one.spread, (value) => String(value))}</td>
<td>${one.chosen === null ? '–' : html`<ul class="inline">${options.map(({ value, label }) => html`<li>${label}: <span class="number">${one.chosen?.[value] ?? 0}</span></li>`)}</ul>`}</td></tr>`;
  };
  return table(['Question', 'Whose', 'Answers', 'Mean', 'Median', 'Chosen'], all.map(row));
}

function agreement({ agreement: all }: BlindedFigures): Html {
  if (all.length === 0) return nothing('Nobody has sent anything yet.');
  return table(
    ['Question', 'Readers', 'Answered about', 'Fleiss’ kappa', 'ICC(2,1)'],
    all.map(
      ({
        label,
        readers: of,
        cases,
        fleissKappa,
        icc,
      }) => html`<tr><th scope="row">${label}</th><td class="number">${of.length}</td>
<td class="number">${cases}</td><td>${coefficient(fleissKappa)}</td><td>${icc === null ? '–' : coefficient('because' in icc ? icc : icc.agreement)}</td></tr>`,
    ),
  );
}

function volumes({ volumes: all }: BlindedFigures): Html {
  if (all.length === 0) return nothing('No exam was given to readers yet.');
  return table(
    ['Structure', 'Of whom', 'Exams', 'Patients', 'Bias', 'Limits of agreement'],
    all.map(({ title, first, second, exams: of, patients, blandAltman }) => {
      const apart =
        'because' in blandAltman
          ? html`<td colspan="2" class="muted">– <span class="side-source">${blandAltman.because}</span></td>`
          : html`<td>${measured(blandAltman.bias, 'mL')}</td><td>${measured(blandAltman.lowerLimit, 'mL')}<br>${measured(blandAltman.upperLimit, 'mL')}</td>`;
      return html`<tr><th scope="row">${title}</th><td>${second} − ${first}</td><td class="number">${of}</td><td class="number">${patients}</td>${apart}</tr>`;
    }),
  );
}

function times({ times: all }: BlindedFigures): Html {
  return html`${table(
    ['Whose', 'To make it', 'To judge it: at work', 'To judge it: from opening to sending'],
    all.map(
      ({ source, made, active, whole }) => html`<tr><th scope="row">${source}</th><td>${spread(made, duration)}</td>
<td>${spread(active, duration)}</td><td>${spread(whole, duration)}</td></tr>`,
    ),
  )}
<p class="muted">To make it: by hand, as who brought it in has said; of the model from the beginning of its run to its end.</p>`;
}
