import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import { type Html, moment } from '../pages/layout.ts';
import { duration } from '../pages/status.ts';

const STEP_WORDS: Readonly<Record<RunView['steps'][number]['status'], string>> = {
  waiting: 'Waiting',
  due: 'Due',
  running: 'Running',
  succeeded: 'Done',
  skipped: 'Skipped',
  failed: 'Failed',
};

const TRIGGER_WORDS = {
  route: 'Route',
  'called-ae-title': 'Sent to AE title',
  person: 'Started by',
  prior: 'Earlier exam of the patient, for',
  replay: 'Replayed by',
} as const;

/** What made the result: pipeline, models by version and digest, why the run was made. */
export function provenance(run: RunView): Html {
  return html`<section class="card provenance">
<h2>What made this</h2>
<dl>
<dt>Pipeline</dt><dd>${run.pipeline} ${run.pipelineVersion}</dd>
${run.models.map(
  (model) =>
    html`<dt>Model</dt><dd>${model.name} ${model.version}<br><code class="digest" title="SHA-256 of the weights">sha256 ${model.sha256}</code></dd>`,
)}
<dt>Run</dt><dd><code class="digest">${run.id}</code></dd>
<dt>Study</dt><dd><a class="uid" href="/studies/${run.studyInstanceUid}">${run.studyInstanceUid}</a></dd>
<dt>Why</dt><dd>${run.triggers.length === 0 ? 'Not recorded' : run.triggers.map((trigger) => html`<div>${TRIGGER_WORDS[trigger.kind]} ${trigger.by}, ${moment(trigger.at)}</div>`)}</dd>
<dt>Made</dt><dd>${moment(run.createdAt)}</dd>
${run.finishedAt === null ? '' : html`<dt>Ended</dt><dd>${moment(run.finishedAt)}</dd>`}
</dl>
</section>`;
}

/** How far a run is, for people who wait. */
export function progress(run: RunView): Html {
  return html`<ol class="progress">${run.steps.map(
    (step) =>
      html`<li class="step is-${step.status}"><span>${step.name.replaceAll('-', ' ')}</span> <span class="step-status">${STEP_WORDS[step.status]}</span></li>`,
  )}</ol>`;
}

/** Each step with its times, attempts and device. */
export function steps(run: RunView): Html {
  return html`<details class="card steps"${run.status === 'failed' ? html` open` : ''}>
<summary>Steps, times and devices</summary>
<div class="scroll"><table>
<thead><tr><th scope="col">Step</th><th scope="col">Operator</th><th scope="col">Status</th><th scope="col">Attempts</th><th scope="col">Fetch</th><th scope="col">Compute</th><th scope="col">Store</th><th scope="col">Device</th></tr></thead>
<tbody>${run.steps.map(
    (step) => html`<tr>
<th scope="row">${step.name}</th><td>${step.operator}</td><td class="step is-${step.status}">${STEP_WORDS[step.status]}</td><td class="number">${step.attempts}</td>
${[step.timings?.fetchMs, step.timings?.computeMs, step.timings?.storeMs].map((time) => html`<td class="number">${time === undefined ? '–' : duration(time)}</td>`)}
<td>${step.device === null ? '–' : `${step.device.kind === 'cuda' ? 'GPU' : 'CPU'}: ${step.device.name}`}</td></tr>
${step.error === null ? '' : html`<tr class="step-error"><td colspan="8">${step.error}</td></tr>`}`,
  )}</tbody>
</table></div>
</details>`;
}
