import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { RunView, StudyView } from '../../schemas/api.ts';
import { may } from '../accounts/rights.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { examHeader } from '../pages/patient.ts';
import { duration, statusMark } from '../pages/status.ts';
import type { Parts } from '../parts.ts';
import { titleOf } from '../runs/page.ts';
import { viewerLink } from '../viewer/link.ts';

export interface Launch {
  /** The newest run of each pipeline on each study. */
  readonly runs: readonly RunView[];
  readonly studies: readonly Omit<StudyView, 'runs'>[];
  /** Whose the studies are, as far as who looks may see it. */
  readonly exams: ReadonlyMap<string, ExamView>;
  readonly now: Date;
}

type LaunchParts = Pick<Parts, 'assets' | 'site' | 'pipelines' | 'evaluations'> & Partial<Pick<Parts, 'viewing'>>;

/** What a PACS user sees where there is not exactly one result: all results and forms, or what is known so far. It fills in by itself. */
export function launchPage(parts: LaunchParts, viewer: Viewer, { runs, studies, exams, now }: Launch): Html {
  const withRuns = [...new Set(runs.map(({ studyInstanceUid }) => studyInstanceUid))];
  return layout({
    parts,
    viewer,
    title: 'Exam',
    islands: ['live.ts'],
    refreshSeconds: 5,
    body: html`<div data-live="/events" data-live-seconds="5"><div data-live-region="launch">
${
  withRuns.length > 0
    ? withRuns.map((study) =>
        panel(parts, viewer, { runs: runs.filter((run) => run.studyInstanceUid === study), exam: exams.get(study) }),
      )
    : studies.length > 0
      ? studies.map((study) => received(study, now))
      : nothing()
}
</div></div>`,
  });
}

/** All that there is about one exam, each a click away. */
function panel(
  parts: LaunchParts,
  viewer: Viewer,
  { runs, exam }: { runs: readonly RunView[]; exam: ExamView | undefined },
): Html {
  return html`<section class="card"><h1>Results of this exam</h1>
${examHeader(exam)}
<ul class="choices">${runs.map((run) => html`<li>${choice(parts, viewer, run)}</li>`)}</ul></section>`;
}

function choice(parts: LaunchParts, { person }: Viewer, run: RunView): Html {
  const { pipelines, evaluations } = parts;
  const evaluation = evaluations.get(run.pipeline);
  const answers = evaluation !== undefined && person !== undefined && may(person, 'read', evaluation.name);
  const hasForm = answers && run.status === 'succeeded';
  return html`<h2>${titleOf({ pipelines }, run)}</h2>
<p>${statusMark(run)} ${moment(run.createdAt)}</p>
<p class="actions"><a class="button primary" href="/runs/${run.id}">Result</a>
${hasForm ? html`<a class="button" href="/runs/${run.id}#feedback">Form</a>` : ''}
${evaluation?.trend === undefined ? '' : html`<a class="button" href="/runs/${run.id}/trend">Over time</a>`}
${viewerLink(parts, run)}</p>`;
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
