import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { Result } from '../../schemas/result.ts';
import type { Html } from '../pages/layout.ts';
import { RESULT_FILES } from './result-files.ts';

/** The files of a result that people may download; nothing where there is none. */
export function files({ objects }: Pick<Result, 'objects'>, run: Pick<RunView, 'id'>): Html | string {
  const there = RESULT_FILES.filter(({ kind }) => objects[kind] !== undefined);
  if (there.length === 0) return '';
  return html`<section class="card"><h2>Files of this result</h2>
<ul class="files">${there.map(
    ({ kind, title, extension }) =>
      html`<li><a href="/runs/${run.id}/files/${kind}" download>${title}</a> <span class="muted">${extension}</span></li>`,
  )}</ul>
<p class="muted">The DICOM files name the patient. Each download is recorded.</p>
</section>`;
}
