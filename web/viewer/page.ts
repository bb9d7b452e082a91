import { html } from 'hono/html';
import { type Html, layout, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';

/** Where the viewer is not installed: how to install it. */
export function missingPage(parts: Pick<Parts, 'assets' | 'site'>, viewer: Viewer): Html {
  return layout({
    parts,
    viewer,
    title: 'Viewer',
    body: html`<section class="message">
<h1>The viewer is not installed</h1>
<p>Results can be read without it. An administrator of this machine installs it with <code>overread viewer install</code>,
which needs the npm registry and 60 MB of disk; Overread need not be started again.</p>
<p><a href="/">Back to the worklist</a></p>
</section>`,
  });
}
