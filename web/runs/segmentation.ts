import { html } from 'hono/html';
import { millilitres, percent, shareOfTotal } from '../../lib/platform/words.ts';
import type { RunView } from '../../schemas/api.ts';
import type { PatientDirection, SegmentationResult } from '../../schemas/result.ts';
import { type Html, moment } from '../pages/layout.ts';
import { calendarDate } from '../pages/patient.ts';
import { changesCard } from '../viewer/cards.ts';
import type { ShownResult } from './detection.ts';
import { files } from './files-card.ts';

type Structure = SegmentationResult['structures'][number];

/** A segmentation: slices with outlines, the volumes, and the objects that were written. */
export function segmentation(result: SegmentationResult, run: Pick<RunView, 'id'>): ShownResult {
  return {
    images: html`<div class="images">${previews(result, run)}</div>`,
    summary: html`${volumes(result)}${changesCard(result)}`,
    files: files(result, run),
  };
}

function previews({ previews, objects }: SegmentationResult, run: Pick<RunView, 'id'>): Html {
  if (previews.length === 0) {
    return html`<section class="message"><h2>No picture of this segmentation</h2><p>${
      Object.keys(objects).length === 0
        ? 'The pipeline published volumes only.'
        : 'The segmentation itself is among the files of the result.'
    }</p></section>`;
  }
  return html`<div class="previews">${previews.map((picture, index) => {
    const edges = edgesOf(picture.PatientOrientation);
    const alt = [picture.title, edges?.words ?? []].flat().join('; ');
    return html`<figure class="preview"><div class="picture"><img src="/runs/${run.id}/previews/${index + 1}.png" width="${picture.columns}" height="${picture.rows}" alt="${alt}">${edges?.marks ?? ''}</div><figcaption>${picture.title}</figcaption></figure>`;
  })}</div>`;
}

type Preview = SegmentationResult['previews'][number];

const OPPOSITE: Readonly<Record<PatientDirection, PatientDirection>> = {
  L: 'R',
  R: 'L',
  P: 'A',
  A: 'P',
  H: 'F',
  F: 'H',
};

const DIRECTION_WORDS: Readonly<Record<PatientDirection, string>> = {
  ...{ L: 'left', R: 'right', P: 'back', A: 'front', H: 'head', F: 'feet' },
};

/** What of the patient is at the edges of a picture, as letters on it and in words; undefined where the result does not tell. */
function edgesOf(orientation: Preview['PatientOrientation']): { marks: Html; words: string } | undefined {
  if (orientation === undefined) return undefined;
  const [right, bottom] = orientation;
  const [left, top] = [OPPOSITE[right], OPPOSITE[bottom]];
  const mark = (edge: string, letter: string) =>
    html`<span class="edge is-${edge}" aria-hidden="true">${letter}</span>`;
  return {
    marks: html`${mark('left', left)}${mark('right', right)}${mark('top', top)}`,
    words: `on the left the patient’s ${DIRECTION_WORDS[left]}, on top the ${DIRECTION_WORDS[top]}`,
  };
}

function volumes({ structures, studyDate, notes, imported }: SegmentationResult): Html {
  const shares = structures.map((structure) => shareOfTotal(structure, structures));
  const withShares = shares.some((share) => share !== null);
  const total = structures.reduce((sum, { volumeMl }) => sum + volumeMl, 0);
  const complete = structures.every((structure) => structure.complete);
  const date = calendarDate(studyDate);
  return html`<section class="card summary">
<h2>${heading(imported)}${date === null ? '' : html`, exam of <span class="number">${date}</span>`}</h2>
${imported === undefined ? '' : provenanceOf(imported)}
<div class="scroll"><table class="volumes">
<thead><tr><th scope="col">Structure</th><th scope="col">Volume</th>${withShares ? html`<th scope="col">Of the total</th>` : ''}</tr></thead>
<tbody>${structures.map((structure, index) => volume(structure, shares[index] ?? null, withShares))}
${withShares ? html`<tr class="total"><th scope="row">Total</th><td class="number">${complete ? '' : '≥ '}${millilitres(total)}</td><td class="number">100 %</td></tr>` : ''}</tbody>
</table></div>
${
  complete
    ? ''
    : html`<p class="notice is-warning"><strong>Incomplete:</strong> a structure touches the first or the last slice, so part of it may
lie outside the images. Its volume is a lower bound${withShares ? '; the percentages are of what was measured' : ''}.</p>`
}
${notes.length === 0 ? '' : html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
</section>`;
}

function heading(imported: SegmentationResult['imported']): string {
  if (imported === undefined) return 'Volumes by the model';
  return imported.edits === undefined ? `Volumes by ${imported.source}, brought in` : 'Volumes as edited';
}

/** Who made a segmentation that no model made. */
function provenanceOf({ tool, minutes, author, at, edits }: NonNullable<SegmentationResult['imported']>): Html {
  const took = minutes === null ? '' : html`, in ${minutes} min`;
  if (edits !== undefined)
    return html`<p class="muted">Edited by ${author}${took}, with ${tool}; saved ${moment(at)}.</p>`;
  return html`<p class="muted">Not made by a model: made with ${tool}${took}; brought in by ${author}, ${moment(at)}.</p>`;
}

function volume(structure: Structure, share: number | null, withShares: boolean): Html {
  const { title, volumeMl, voxels, complete } = structure;
  const name = html`<th scope="row">${title}${complete ? '' : html` <span class="tag is-warning">incomplete</span>`}</th>`;
  if (voxels === 0) {
    return html`<tr class="is-nothing">${name}<td class="number">0 mL<span class="side-source">none marked</span></td>${withShares ? html`<td class="number">–</td>` : ''}</tr>`;
  }
  return html`<tr>${name}<td class="number"><strong>${complete ? '' : '≥ '}${millilitres(volumeMl)}</strong></td>${withShares ? html`<td class="number">${share === null ? '–' : percent(share)}</td>` : ''}</tr>`;
}
