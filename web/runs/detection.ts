import { html } from 'hono/html';
import { className, percent, SIDE_UNKNOWN } from '../../lib/platform/words.ts';
import type { RunView } from '../../schemas/api.ts';
import type { DetectionResult, HipSummary } from '../../schemas/result.ts';
import type { Html } from '../pages/layout.ts';
import { files } from './files-card.ts';
import { radiograph } from './radiograph.ts';

/** The parts of a result on its page: what to look at, what the model says of the exam, and what can be downloaded. */
export interface ShownResult {
  readonly images: Html;
  readonly summary: Html | string;
  readonly files: Html | string;
}

/** A detection: each radiograph with its boxes, and the summary by side. */
export function detection(result: DetectionResult, run: Pick<RunView, 'id'>): ShownResult {
  const { summary, objects } = result;
  return {
    images: radiographs(result, run, { withheld: false }),
    summary: sides(summary),
    files: files({ objects }, run),
  };
}

/**
 * The radiographs of a detection.
 *
 * @param withheld without anything that the model found
 */
export function radiographs(
  { images }: Pick<DetectionResult, 'images'>,
  run: Pick<RunView, 'id'>,
  { withheld }: { withheld: boolean },
): Html {
  return html`<div class="images${images.length === 1 ? ' is-single' : ''}">
${images.length === 0 ? html`<section class="message"><h2>No image was read</h2><p>The pipeline ended without an image for the model.</p></section>` : ''}
${images.map((image, index) =>
  radiograph(withheld ? { ...image, hips: [], notes: [] } : image, {
    address: `/runs/${run.id}/images/${image.sopInstanceUid}`,
    number: index + 1,
    of: images.length,
    withheld,
  }),
)}
</div>`;
}

function sides({ sides, rule, qualityReview }: HipSummary): Html {
  return html`<section class="card summary">
<h2>Model's summary of the exam</h2>
${
  sides.length === 0
    ? html`<p class="nothing-found">The model found no hip in this exam. That is not the same as "no fracture".</p>`
    : html`<ul class="sides">${sides.map(
        (side) => html`<li class="side class-${side.class}">
<span class="side-name">${side.side === null ? `Hip, ${SIDE_UNKNOWN}` : side.side === 'left' ? 'Left hip' : 'Right hip'}</span>
<strong class="class-${side.class}">${className(side.class)}</strong>
<span class="number">${percent(side.confidence)}</span>
<span class="muted">${side.images === 1 ? '1 image' : `${side.images} images`}</span>
${side.disagreement ? html`<span class="tag is-warning">${side.images === 1 ? 'Boxes disagree' : 'Images disagree'}</span>` : ''}</li>`,
      )}</ul>`
}
${qualityReview.length === 0 ? '' : html`<div class="notice is-warning"><strong>Needs a person's review first</strong><ul>${qualityReview.map((reason) => html`<li>${reason}</li>`)}</ul></div>`}
<p class="muted">Rule: ${rule}</p>
</section>`;
}
