import { html } from 'hono/html';
import { millilitres } from '../../lib/platform/words.ts';
import type { RunView } from '../../schemas/api.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import type { StructureChange } from '../../schemas/volume.ts';
import { type Html, moment } from '../pages/layout.ts';

/** How far an edit is from what was edited, on its own page; nothing where the result is no edit. */
export function changesCard({ changes, imported }: SegmentationResult): Html | string {
  if (changes === undefined || imported?.edits === undefined) return '';
  return html`<section class="card"><h2>What was changed</h2>
<div class="scroll"><table class="changes">
<thead><tr><td></td>${changes.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${MEASURES.map(
    ({ title, of }) =>
      html`<tr><th scope="row">${title}</th>${changes.map((change) => html`<td class="number">${of(change)}</td>`)}</tr>`,
  )}</tbody>
</table></div>
<p class="muted">Compared with <a href="/runs/${imported.edits}">the result that was edited</a>, which stays as it was. Dice is 1 where
nothing was changed; the distance is the one within which 95 % of either surface lie of the other.</p>
</section>`;
}

/** What is said of each structure; a column for each fits beside the images. */
const MEASURES: readonly { readonly title: string; readonly of: (change: StructureChange) => string }[] = [
  { title: 'Before', of: ({ originalMl }) => millilitres(originalMl) },
  { title: 'Now', of: ({ volumeMl }) => millilitres(volumeMl) },
  { title: 'Change', of: difference },
  { title: 'Dice', of: dice },
  { title: '95 % surface distance', of: distance },
];

/** What readers have made of a result, on its page; nothing where nobody has changed it. */
export function editsCard(edits: readonly RunView[]): Html | string {
  if (edits.length === 0) return '';
  return html`<section class="card"><h2>Edited by readers</h2><ul class="run-list">${edits.map(edit)}</ul>
<p class="muted">Each is a result of its own; this one stays as it was.</p></section>`;
}

function edit({ id, status, reason, createdAt, imported, result }: RunView): Html {
  const author = imported?.author ?? 'somebody';
  if (result?.kind !== 'segmentation') {
    const state =
      status === 'queued' || status === 'running'
        ? 'is being measured …'
        : html`<strong class="is-warning">cannot be used</strong>: ${reason ?? 'no reason was given.'}`;
    return html`<li><a href="/runs/${id}">By ${author}</a>, ${moment(createdAt)}: ${state}</li>`;
  }
  const minutes = result.imported?.minutes ?? null;
  return html`<li><a href="/runs/${id}">By ${author}</a>, ${moment(createdAt)}${minutes === null ? '' : `, in ${minutes} min`}:
<ul class="inline">${(result.changes ?? []).map(
    (change) =>
      html`<li>${change.title} <strong>${millilitres(change.volumeMl)}</strong> (${difference(change)}, Dice ${dice(change)}, ${distance(change)})</li>`,
  )}</ul></li>`;
}

/** mL and per cent of what it was. */
function difference({ originalMl, volumeMl, changedVoxels }: StructureChange): string {
  if (changedVoxels === 0) return 'unchanged';
  const sign = volumeMl > originalMl ? '+' : volumeMl < originalMl ? '−' : '±';
  const percent =
    originalMl === 0 ? '' : `, ${sign}${Math.round((Math.abs(volumeMl - originalMl) / originalMl) * 100)} %`;
  return `${sign}${millilitres(Math.abs(volumeMl - originalMl))}${percent}`;
}

/** What is not quite equal is never rounded to 1. */
function dice({ dice, changedVoxels }: StructureChange): string {
  return changedVoxels > 0 && dice > 0.9995 ? '> 0.999' : dice.toFixed(3);
}

function distance({ surfaceDistance95Mm }: StructureChange): string {
  return surfaceDistance95Mm === null ? 'no distance' : `${surfaceDistance95Mm.toFixed(1)} mm`;
}
