import { html } from 'hono/html';
import { type Html, layout, NOBODY } from '../pages/layout.ts';
import type { Theme } from '../pages/theme.ts';
import type { Parts } from '../parts.ts';

export interface SignIn {
  /** Path on this site to go to afterwards. */
  readonly next: string;
  readonly name?: string;
  /** Why it did not work. */
  readonly refusal?: string;
  /** Answers that were sent when the session had ended: kept, and shown again afterwards. */
  readonly resume?: string;
}

/** `/sign-in` */
export function signInPage(
  parts: Pick<Parts, 'assets' | 'site'> & Partial<Pick<Parts, 'directory'>>,
  theme: Theme,
  form: SignIn,
): Html {
  return layout({
    parts,
    viewer: { ...NOBODY, theme },
    title: 'Sign in',
    body: html`<section class="card sign-in">
<h1>Sign in</h1>
${form.resume === undefined ? '' : html`<p class="notice" role="status">Your session had ended. Your answers are kept: sign in, look at them once more and send them.</p>`}
${form.refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${form.refusal}</p>`}
${parts.directory === undefined ? '' : html`<p class="muted">With your name and password of the hospital, or of a local account.</p>`}
<form method="post" action="/sign-in">
<input type="hidden" name="next" value="${form.next}">
${form.resume === undefined ? '' : html`<input type="hidden" name="resume" value="${form.resume}">`}
<label>Name <input name="name" value="${form.name ?? ''}" autocomplete="username" autocapitalize="none" spellcheck="false" required${form.name === undefined ? html` autofocus` : ''}></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required${form.name === undefined ? '' : html` autofocus`}></label>
<button class="primary">Sign in</button>
</form>
</section>`,
  });
}

/** Shown instead where the password would travel readable through the network. */
export function insecurePage(parts: Pick<Parts, 'assets' | 'site'>, theme: Theme, port: number): Html {
  return layout({
    parts,
    viewer: { ...NOBODY, theme },
    title: 'Not over this connection',
    body: html`<section class="message is-failed">
<h1>Sign-in works on this machine only</h1>
<p>This connection is not encrypted: your password could be read on its way. Overread therefore lets people sign in over
plain HTTP only from the machine it runs on.</p>
<p>Open <code>http://127.0.0.1:${port}/</code> on that machine, or bring its port to yours through SSH and open the same
address here:</p>
<pre><code>ssh -L ${port}:127.0.0.1:${port} THAT-MACHINE</code></pre>
</section>`,
  });
}
