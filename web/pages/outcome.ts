import { html } from 'hono/html';
import { findings, NO_HIP_FOUND, NOTHING_PUBLISHED } from '../../lib/platform/words.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Result } from '../../schemas/result.ts';
import type { Html } from './layout.ts';

/** The run in one line: what was found, why there is no result, or how far it is. */
export function outcome(run: RunView): Html {
  if (run.result !== null) return found(run.result);
  if (run.withheld === true) return html`<span class="muted">Shown after your read</span>`;
  if (run.reason !== null) return html`<span class="reason">${run.reason}</span>`;
  if (run.status === 'succeeded') return html`<span class="muted">${NOTHING_PUBLISHED}</span>`;
  const done = run.steps.filter(({ status }) => status === 'succeeded' || status === 'skipped').length;
  return html`<span class="muted">${done} of ${run.steps.length} steps done</span>`;
}

function found(result: Result): Html {
  const all = findings(result);
  if (all.length === 0) return html`<span class="muted">${NO_HIP_FOUND}</span>`;
  const review = result.kind === 'detection' && result.summary.qualityReview.length > 0;
  return html`<ul class="inline">${all.map(
    (finding) =>
      html`<li>${finding.of}: <strong${finding.class === null ? '' : html` class="class-${finding.class}"`}>${finding.found}</strong></li>`,
  )}${review ? html`<li class="review">needs review</li>` : ''}</ul>`;
}
