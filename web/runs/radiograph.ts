import { html } from 'hono/html';
import { className, percent } from '../../lib/platform/words.ts';
import { type Hip, HipClass, type HipImage } from '../../schemas/result.ts';
import { type Label, labelSize, placeLabels } from '../islands/labels.ts';
import type { Html } from '../pages/layout.ts';
import { hipNames } from './hips.ts';

/** How the side is known, in words. */
const SIDE_SOURCE_WORDS = {
  stated: 'Side stated in the image',
  assumed: 'Side assumed from the usual way of hanging, not stated in the image',
  contradictory: 'Side uncertain: the image contradicts itself',
} as const;

/** How a hip's side is known, or that it is not: nothing is assumed where neither header nor place tells it. */
function sideSourceWords({ side, sideSource }: Hip): string {
  if (side === null && sideSource === 'assumed')
    return 'Side not known: not stated in the image, and the place tells none';
  return SIDE_SOURCE_WORDS[sideSource];
}

/**
 * One radiograph with its boxes and scores.
 *
 * The SVG's coordinates are pixels of the stored image, column then row, as the boxes'. Without scripts it shows the PNG
 * in the default window; the island lays the grey values under the boxes instead.
 *
 * @param address of the image's previews, without `.png` and `.gray16`
 * @param withheld the reader is not to know what the model found: nothing is said of it
 */
export function radiograph(
  image: HipImage,
  { address, number, of, withheld = false }: { address: string; number: number; of: number; withheld?: boolean },
): Html {
  const { rows, columns, hips, preview } = image;
  const { window } = preview;
  const names = hipNames(hips);
  const labels = placeLabels(
    { x: 0, y: 0, width: columns, height: rows },
    hips.map((hip) => hip.box),
    hips.map((hip, index) => `${names[index]}: ${className(hip.class)} ${percent(hip.confidence)}`),
    labelSize(image),
  );
  return html`<article class="radiograph" id="image-${number}">
<h2>Image ${number}${of > 1 ? html` of ${of}` : ''}
${image.lossy ? html`<span class="tag is-warning" title="The pixels were compressed with loss before they came here: fine detail may be gone.">Lossy compression</span>` : ''}</h2>
<figure class="viewport" data-gray16="${address}.gray16" data-rows="${rows}" data-columns="${columns}" data-preview-rows="${preview.rows}" data-preview-columns="${preview.columns}" data-window="${window === undefined ? '' : `${window.low} ${window.high}`}">
<svg viewBox="0 0 ${columns} ${rows}" role="img" aria-label="Radiograph ${number}${withheld ? '' : ` with ${hips.length} ${hips.length === 1 ? 'box' : 'boxes'}`}" preserveAspectRatio="xMidYMid meet">
<image href="${address}.png" width="${columns}" height="${rows}" preserveAspectRatio="none"></image>
<g class="boxes">${hips.map((hip, index) => box(hip, labels[index], labelSize(image)))}</g>
</svg>
</figure>
${image.notes.length === 0 ? '' : html`<ul class="notes">${image.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${hips.length > 0 ? scores(hips, names) : withheld || image.notes.length > 0 ? '' : html`<p class="nothing-found">The model found no hip in this image.</p>`}
</article>`;
}

function box({ class: name, box: [x0, y0, x1, y1] }: Hip, label: Label | undefined, size: number): Html {
  return html`<g class="box class-${name}">
<rect x="${x0}" y="${y0}" width="${x1 - x0}" height="${y1 - y0}" vector-effect="non-scaling-stroke"></rect>
${label === undefined ? '' : html`<text x="${label.x}" y="${label.y}" font-size="${size}">${label.text}</text>`}
</g>`;
}

function scores(hips: readonly Hip[], names: readonly string[]): Html {
  const named = hips.flatMap((hip) => Object.keys(hip.scores));
  const classes = [...new Set<string>([...HipClass.options.filter((name) => named.includes(name)), ...named])];
  return html`<div class="scroll"><table class="scores">
<thead><tr><th scope="col">Hip</th><th scope="col">Model's call</th>${classes.map((name) => html`<th scope="col">${className(name)}</th>`)}</tr></thead>
<tbody>${hips.map(
    (hip, index) => html`<tr>
<th scope="row">${names[index]}<span class="side-source${hip.sideSource === 'contradictory' ? ' is-contradictory' : ''}">${sideSourceWords(hip)}</span></th>
<td><strong class="class-${hip.class}">${className(hip.class)}</strong> ${percent(hip.confidence)}</td>
${classes.map((name) => score(hip.scores[name]))}
</tr>`,
  )}</tbody>
</table></div>`;
}

function score(value: number | undefined): Html {
  if (value === undefined) return html`<td><span class="muted">no score</span></td>`;
  return html`<td><meter min="0" max="1" value="${value}">${percent(value)}</meter> <span class="number">${percent(value)}</span></td>`;
}
