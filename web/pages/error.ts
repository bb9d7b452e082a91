import { html } from 'hono/html';
import type { Problem } from '../../schemas/problem.ts';
import type { Parts } from '../parts.ts';
import { type Html, layout, type Viewer } from './layout.ts';

/** What went wrong, in words, and a way on. */
export function errorPage(parts: Pick<Parts, 'assets' | 'site'>, viewer: Viewer, problem: Problem): Html {
  return layout({
    parts,
    viewer,
    title: problem.title,
    body: html`<section class="message is-failed">
<h1>${problem.title}</h1>
<p>${problem.detail ?? ''}</p>
<p><a class="button" href="/">To the worklist</a></p>
</section>`,
  });
}
