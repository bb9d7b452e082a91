import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { QuarantineReason } from '../../lib/archive/read.ts';
import type { StudyView } from '../../schemas/api.ts';
import { may } from '../accounts/rights.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { outcome } from '../pages/outcome.ts';
import { examHeader } from '../pages/patient.ts';
import { replayMark, statusMark } from '../pages/status.ts';
import type { Parts } from '../parts.ts';
import { titleOf } from '../runs/page.ts';

export interface StudyPage {
  readonly study: StudyView;
  readonly exam: ExamView | undefined;
  readonly quarantine: readonly QuarantineReason[];
}

/** `/studies/<StudyInstanceUID>`: what was received, where it went and why. */
export function studyPage(
  parts: Pick<Parts, 'assets' | 'site' | 'pipelines'>,
  viewer: Viewer,
  { study, exam, quarantine }: StudyPage,
): Html {
  return layout({
    parts,
    viewer,
    title: 'Exam',
    islands: ['live.ts'],
    ...(study.state === 'receiving' ? { refreshSeconds: 5 } : {}),
    body: html`<div data-live="/studies/${study.studyInstanceUid}/events"${study.state === 'receiving' ? html` data-live-seconds="5"` : ''}><div data-live-region="study">
<div class="page-title"><h1>Exam</h1><span class="status is-${study.state}">${study.state === 'receiving' ? 'Images are still arriving' : 'Complete'}</span></div>
${examHeader(exam)}
${received(study, quarantine)}
${viewer.person !== undefined && may(viewer.person, 'identify') && exam !== undefined ? html`<p><a href="/patients?study=${study.studyInstanceUid}">Of another patient?</a></p>` : ''}
${runs(parts, study)}
${routes(study)}
</div></div>`,
  });
}

function received(study: StudyView, quarantine: readonly QuarantineReason[]): Html {
  return html`<section class="card">
<h2>Received</h2>
<dl>
<dt>Images</dt><dd>${study.instances} in ${study.series} series</dd>
<dt>Last image</dt><dd>${moment(study.lastReceivedAt)}</dd>
<dt>In quarantine</dt><dd>${study.quarantined === 0 ? 'none' : html`<strong class="is-warning">${study.quarantined}</strong> out of every run until a person decides<ul>${quarantine.map(({ reason, instances }) => html`<li>${instances}: ${reason}</li>`)}</ul>`}</dd>
<dt>StudyInstanceUID</dt><dd><code class="digest">${study.studyInstanceUid}</code></dd>
</dl>
</section>`;
}

function runs({ pipelines }: Pick<Parts, 'pipelines'>, study: StudyView): Html {
  if (study.runs.length === 0) {
    return html`<section class="message"><h2>No run yet</h2><p>${
      study.state === 'receiving'
        ? 'Images are still arriving. Runs are made when none has come for a while.'
        : study.instances === 0
          ? 'Every image is in quarantine, for the reasons above. Correct them at their source, then send them again.'
          : 'No route took this exam. The reasons are below.'
    }</p></section>`;
  }
  return html`<section class="card"><h2>Runs</h2><ul class="run-list">${study.runs.map(
    (
      run,
    ) => html`<li><a href="/runs/${run.id}">${titleOf({ pipelines }, run)}${run.imported === undefined ? ` ${run.pipelineVersion}` : ''}</a>${replayMark(run)}
${statusMark(run)} ${moment(run.createdAt)} ${outcome(run)}</li>`,
  )}</ul></section>`;
}

function routes({ routes }: StudyView): Html {
  return html`<section class="card"><h2>Routes</h2>${
    routes.length === 0
      ? html`<p class="muted">${'No route has been tried yet.'}</p>`
      : html`<div class="scroll"><table class="routes"><thead><tr><th scope="col">Route</th><th scope="col">Taken</th><th scope="col">Why</th></tr></thead>
<tbody>${routes.map(({ route, matched, reason }) => html`<tr><th scope="row">${route}</th><td>${matched ? 'yes' : 'no'}</td><td>${reason}</td></tr>`)}</tbody></table></div>`
  }</section>`;
}
