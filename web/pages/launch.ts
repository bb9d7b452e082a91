import { html } from 'hono/html';
import type { RunView, StudyView } from '../../schemas/api.ts';
import type { Parts } from '../parts.ts';
import { type Html, layout, moment, type Viewer } from './layout.ts';
import { duration, statusMark } from './status.ts';

export interface Launch {
  /** The newest run of each pipeline on each study. */
  readonly runs: readonly RunView[];
  readonly studies: readonly Omit<StudyView, 'runs'>[];
  readonly now: Date;
}

/** What a PACS user sees where there is not exactly one result: a choice, or what is known so far. It fills in by itself. */
export function launchPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'>,
  viewer: Viewer,
  { runs, studies, now }: Launch,
): Html {
  return layout({
    parts,
    viewer,
    title: 'Exam',
    islands: ['live.ts'],
    refreshSeconds: 5,
    body: html`<div data-live="/events" data-live-seconds="5"><div data-live-region="launch">
${runs.length > 0 ? chooser(parts, runs) : studies.length > 0 ? studies.map((study) => received(study, now)) : nothing()}
</div></div>`,
  });
}

function chooser({ pipelines }: Pick<Parts, 'pipelines'>, runs: readonly RunView[]): Html {
  return html`<section class="message"><h1>Results of this exam</h1>
<ul class="choices">${runs.map(
    (run) =>
      html`<li><a class="button" href="/runs/${run.id}">${pipelines.get(run.pipeline)?.title ?? run.pipeline}</a> ${statusMark(run)} ${moment(run.createdAt)}</li>`,
  )}</ul></section>`;
}

function received(study: Omit<StudyView, 'runs'>, now: Date): Html {
  const ago = duration(Math.max(0, now.getTime() - Date.parse(study.lastReceivedAt)));
  const matched = study.routes.some((route) => route.matched);
  const waiting = study.state === 'receiving' || matched;
  return html`<section class="message" role="status">
<h1>${waiting ? 'No result yet' : 'No result will come by itself'}</h1>
<p>${
    study.state === 'receiving'
      ? html`Waiting for images: ${study.instances} so far, the last one ${ago} ago.`
      : matched
        ? html`All ${study.instances} images are here; the work is about to begin.`
        : html`All ${study.instances} images are here, but no route takes this exam.`
  }</p>
<p><a class="button" href="/studies/${study.studyInstanceUid}">What was received, and why</a></p>
${waiting ? html`<p class="muted">This page goes on by itself.</p>` : ''}
</section>`;
}

function nothing(): Html {
  return html`<section class="message" role="status">
<h1>Nothing received yet</h1>
<p>No image of this exam has arrived here. If it was sent a moment ago, wait: this page goes on by itself. If not, it may
not be among the exams that the PACS sends to Overread.</p>
</section>`;
}
