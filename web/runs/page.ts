import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Result } from '../../schemas/result.ts';
import { may } from '../accounts/rights.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { examHeader } from '../pages/patient.ts';
import { statusMark } from '../pages/status.ts';
import type { Parts } from '../parts.ts';
import { viewerLink } from '../viewer/link.ts';
import { detection, radiographs, type ShownResult } from './detection.ts';
import { progress, provenance, steps } from './provenance.ts';
import { evaluatedPipeline, newerOf } from './runs.ts';
import { segmentation } from './segmentation.ts';

export interface RunPage {
  readonly run: RunView;
  /** Other runs of this pipeline on this study, newest first. */
  readonly related: readonly RunView[];
  readonly exam: ExamView | undefined;
  /** The evaluation's form, or what was sent with it; undefined where there is none. */
  readonly feedback: Html | undefined;
  /** The patient's other exams, where the pipeline follows them. */
  readonly trend?: Html | string | undefined;
  /** What readers have made of the result. */
  readonly edits?: Html | string | undefined;
  /** Where the objects of the result went. */
  readonly deliveries?: Html | string | undefined;
  /** The reader is still to read the images without the result. */
  readonly withheld?: boolean;
}

/** `/runs/<id>`: result, or why there is none. */
export function runPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'> & Partial<Pick<Parts, 'viewing' | 'evaluations'>>,
  viewer: Viewer,
  { run, related, exam, feedback, trend, edits, deliveries, withheld = false }: RunPage,
): Html {
  const title = titleOf(parts, run);
  const ended = run.finishedAt !== null;
  return layout({
    parts,
    viewer,
    title,
    islands: ['live.ts', 'radiograph.ts', 'draft.ts', 'keys.ts', 'led-to.ts', 'review-time.ts'],
    ...(ended ? {} : { refreshSeconds: 3 }),
    body: html`<div class="run" data-live="/studies/${run.studyInstanceUid}/events" data-ended="${String(ended)}">
<div data-live-region="run-head"><div class="page-title"><h1>${title}</h1>${statusMark(run)}
<p class="muted">${moment(run.createdAt)}</p>${exam === undefined ? '' : viewerLink(parts, run, withheld ? undefined : viewer.person)}</div>
${examHeader(exam)}
${relatives(run, related)}</div>
<div data-live-region="run-body">${run.result === null ? withoutResult(run, viewer, parts.evaluations?.get(run.pipeline)?.name ?? null) : withResult(run.result, run, { feedback, trend, edits, withheld })}</div>
<div class="below" data-live-region="run-provenance">${deliveries ?? ''}${provenance(run)}${steps(run)}</div>
</div>`,
  });
}

/** What a run is, in a line: its pipeline, or for which one somebody brought in or edited a segmentation. */
export function titleOf({ pipelines }: Pick<Parts, 'pipelines'>, run: Pick<RunView, 'pipeline' | 'imported'>): string {
  const pipeline = evaluatedPipeline(run);
  const title = pipelines.get(pipeline)?.title ?? pipeline;
  if (run.imported === undefined) return title;
  const { source, author, edits } = run.imported;
  return `${title}: ${edits === null ? `${source}, brought in` : 'edited'} by ${author}`;
}

function relatives(run: RunView, related: readonly RunView[]): Html | string {
  const newer = newerOf(run, related);
  return html`${
    newer === undefined
      ? ''
      : html`<p class="notice is-warning" role="status">There is a newer run of this exam, with images that came later or were changed.
<a href="/runs/${newer.id}">Open the newer run</a></p>`
  }${
    run.amends === null
      ? ''
      : html`<p class="notice">This run amends <a href="/runs/${run.amends}">an earlier one</a>: images came later or were changed.</p>`
  }${run.replayOf === null ? '' : html`<p class="notice">This is a replay of <a href="/runs/${run.replayOf}">another run</a>.</p>`}`;
}

function withResult(
  result: Result,
  run: RunView,
  { feedback, trend, edits, withheld }: Pick<RunPage, 'feedback' | 'trend' | 'edits' | 'withheld'>,
): Html {
  const { images, summary, files } = withheld === true ? unread(result, run) : shown(result, run);
  return html`<div class="result">
${images}
<div class="reading">
${summary}
${feedback ?? ''}
</div>
<div class="besides"><div class="follows" data-live-region="run-edits">${edits ?? ''}
${trend ?? ''}</div>
${files}</div>
</div>`;
}

const shown = (result: Result, run: RunView) =>
  result.kind === 'detection' ? detection(result, run) : segmentation(result, run);

/** What is to be read, without what the model found. */
function unread(result: Result, run: RunView): ShownResult {
  if (result.kind === 'detection')
    return { images: radiographs(result, run, { withheld: true }), summary: '', files: '' };
  return {
    images: html`<section class="message"><h2>Read the images first</h2>
<p>Open them in the viewer, or in the PACS. The model’s segmentation is shown when you have sent your read.</p></section>`,
    summary: '',
    files: '',
  };
}

/** @param evaluation of the run's pipeline; null: it has none, as `may` wants it */
function withoutResult(run: RunView, viewer: Viewer, evaluation: string | null): Html {
  if (run.status === 'queued' || run.status === 'running') {
    return html`<section class="message" role="status">
<h2>${run.status === 'queued' ? 'Waiting for its turn' : 'Being worked on'}</h2>
${progress(run)}
<p class="muted">The result appears here by itself.</p>
</section>`;
  }
  if (run.status === 'out-of-scope') {
    return html`<section class="message is-out-of-scope">
<h2>Not what this model was made for</h2>
<p class="reason">${run.reason ?? 'No reason was given.'}</p>
<p>No result was made, and none should be: the model has not been trained for such images. This says nothing about the
patient. If the exam is the right one, ask the PACS administrator which images were sent.</p>
</section>`;
  }
  if (run.status === 'failed') return failed(run, viewer, evaluation);
  return html`<section class="message"><h2>The run has ended without a result</h2>
<p>All steps are done, but nothing was published that this page can show. An administrator finds more in the log.</p></section>`;
}

function failed(run: RunView, viewer: Viewer, evaluation: string | null): Html {
  return html`<section class="message is-failed">
<h2>The run failed</h2>
<p class="reason">${run.reason ?? 'No reason was given.'}</p>
<p>There is no result. Read the images without it.</p>
${wayOn(run, viewer, evaluation)}
</section>`;
}

/** What can be done about a failed run, by whom. */
function wayOn(run: RunView, viewer: Viewer, evaluation: string | null): Html {
  if (run.steps.some(({ status, retryable }) => status === 'failed' && retryable === false)) {
    return html`<p>Trying again cannot help: the same images would fail again, for the reason above. Send the exam anew once that is
put right: images that are new or were changed make a newer run.</p>`;
  }
  if (viewer.person === undefined || !may(viewer.person, 'retry-runs', evaluation))
    return html`<p>An administrator can try again once the cause is gone.</p>`;
  return html`<p>Look at the steps below; once the cause is gone, try again: what had succeeded is kept.</p>
<form method="post" action="/runs/${run.id}/retry"><input type="hidden" name="form-token" value="${viewer.formToken}">
<button class="primary">Try again</button></form>`;
}
