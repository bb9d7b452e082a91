import { html } from 'hono/html';
import type { ExamView } from '../../lib/archive/exams.ts';
import { millilitres } from '../../lib/platform/words.ts';
import type { CopiedStructure } from '../../schemas/blinded.ts';
import { type Html, layout, type Viewer } from '../pages/layout.ts';
import { examHeader } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';
import type { CopyState } from './copies.ts';
import type { OpenedCopy } from './opened.ts';

export interface CopyPage {
  readonly opened: OpenedCopy;
  readonly exam: ExamView | undefined;
  /** The form, or what was sent. */
  readonly feedback: Html;
}

const STATE_WORDS: Readonly<Record<CopyState, string>> = { asked: 'now', sent: 'sent', later: 'later' };

/** `/copies/<id>`: one segmentation of an exam, by its hash, and what is asked about it. */
export function copyPage(
  parts: Pick<Parts, 'assets' | 'site'> & Partial<Pick<Parts, 'viewing'>>,
  viewer: Viewer,
  { opened, exam, feedback }: CopyPage,
): Html {
  const { copy, evaluation, mine, ofExam } = opened;
  const title = `Segmentation ${mine.number} of ${ofExam.length}`;
  return layout({
    parts,
    viewer,
    title: `${title}, ${evaluation.title}`,
    islands: ['draft.ts', 'keys.ts', 'review-time.ts'],
    body: html`<div class="run"><div class="page-title"><h1>${title}</h1>
<p class="muted">${evaluation.title}</p></div>
${examHeader(exam)}
<div class="result">
<div class="images"><section class="message"><h2>Look at it in the viewer</h2>
<p>The viewer shows the images with this one segmentation over them. Come back here by “← Overread”, and answer.</p>
${viewerButton(parts, copy.id)}
${turns(opened)}
<p class="muted">Known as <span class="number copy-hash">${copy.id.slice(0, 12)}</span>. Who made it is told to nobody who reads.</p></section></div>
<div class="reading">
${evaluation.reading.showVolumes === true ? volumes(copy.structures) : ''}
${feedback}
</div></div></div>`,
  });
}

function viewerButton({ viewing }: Partial<Pick<Parts, 'viewing'>>, id: string): Html | string {
  if (viewing?.program.isInstalled !== true) return '';
  return html`<p><a class="button primary" href="/copies/${id}/viewer">Open in viewer</a></p>`;
}

/** Where the reader is among the segmentations of the exam; what was sent can be opened again. */
function turns({ mine, ofExam }: OpenedCopy): Html {
  return html`<nav aria-label="Segmentations of this exam"><ul class="inline">${ofExam.map(
    ({ copy, number, state }) => {
      const words = html`${number} ${STATE_WORDS[state]}`;
      if (copy.id === mine.copy.id) return html`<li><strong aria-current="page">${words}</strong></li>`;
      return html`<li>${state === 'later' ? html`<span class="muted">${words}</span>` : html`<a href="/copies/${copy.id}">${words}</a>`}</li>`;
    },
  )}</ul></nav>`;
}

function volumes(structures: readonly CopiedStructure[]): Html {
  return html`<section class="card summary"><h2>Its volumes</h2>
<div class="scroll"><table class="volumes"><thead><tr><th scope="col">Structure</th><th scope="col">Volume</th></tr></thead>
<tbody>${structures.map(
    ({ title, volumeMl, voxels, complete }) => html`<tr><th scope="row">${title}</th>
<td class="number">${voxels === 0 ? html`0 mL<span class="side-source">none marked</span>` : html`<strong>${complete ? '' : '≥ '}${millilitres(volumeMl)}</strong>`}</td></tr>`,
  )}</tbody></table></div></section>`;
}
