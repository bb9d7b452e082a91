import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Right } from '../../schemas/rights.ts';
import type { Person } from '../accounts/accounts.ts';
import { may } from '../accounts/rights.ts';
import { formToken } from '../accounts/sessions.ts';
import type { Parts, WebContext } from '../parts.ts';
import { type Theme, themeOf } from './theme.ts';

/** Markup in which everything that was put in has been escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Who looks at a page, and how they like it. */
export interface Viewer {
  readonly person: Person | undefined;
  /** Goes into every form. */
  readonly formToken: string;
  readonly theme: Theme;
}

export interface Layout {
  readonly parts: Pick<Parts, 'assets' | 'site'>;
  readonly viewer: Viewer;
  readonly title: string;
  readonly body: Html;
  /** Islands of the page besides those of every page. */
  readonly islands?: readonly string[];
  /** Seconds after which a page without scripts asks again. */
  readonly refreshSeconds?: number;
}

/** The pages that the head of every page leads to: each has the label as its title. */
const MENU: readonly { readonly at: string; readonly label: string; readonly right?: Right }[] = [
  { at: '/', label: 'Worklist' },
  { at: '/reading', label: 'To read' },
  { at: '/approvals', label: 'Approvals', right: 'approve' },
  { at: '/evaluations', label: 'Evaluations', right: 'lead' },
  { at: '/quarantine', label: 'Quarantine', right: 'quarantine' },
  { at: '/patients', label: 'Patients', right: 'identify' },
  { at: '/audit', label: 'Audit', right: 'audit' },
  { at: '/accounts', label: 'Accounts', right: 'manage-accounts' },
];

/** Somebody who is not signed in. */
export const NOBODY: Viewer = { person: undefined, formToken: '', theme: 'dark' };

/** Who looks, from what the middleware left. */
export function viewerOf(c: WebContext): Viewer {
  const { person, sessionToken } = c.var;
  return { person, theme: themeOf(c), formToken: sessionToken === undefined ? '' : formToken(sessionToken) };
}

/** A whole page. */
export function layout({ parts, viewer, title, body, islands = [], refreshSeconds }: Layout): Html {
  const { assets, site } = parts;
  return html`<!doctype html>
<html lang="en" data-theme="${viewer.theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${viewer.theme}">
<title>${title} · Overread</title>
<link rel="icon" href="${assets.url('icon.svg')}">
<link rel="stylesheet" href="${assets.url('style.css')}">
${refreshSeconds === undefined ? '' : html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`}
${['times.ts', ...islands].map((island) => html`<script type="module" src="${assets.url(island)}"></script>`)}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${banner(site)}
${header(viewer, title)}
<main id="main" tabindex="-1">
${body}
</main>
<footer class="page-footer">
<p>Times are in your own time zone where scripts run, else in UTC.</p>
</footer>
</body>
</html>`;
}

function banner(site: Parts['site']): Html {
  const test = site.mode === 'test';
  return html`<aside class="banner" aria-label="What this is for">
<strong class="banner-mode ${test ? 'is-test' : 'is-production'}">${test ? 'Test system' : 'Production'}</strong>
<span class="banner-site">${site.name}</span>
<span class="banner-text"><strong>INVESTIGATIONAL</strong> Results are for evaluation only. Do not use them to treat a patient.</span>
</aside>`;
}

function header({ person, formToken: token, theme }: Viewer, title: string): Html {
  const other = theme === 'dark' ? 'light' : 'dark';
  return html`<header class="page-header">
<a class="brand" href="/"><span class="brand-mark" aria-hidden="true"></span>Overread</a>
${
  person === undefined
    ? ''
    : html`<nav aria-label="Main">${MENU.map(({ at, label, right }) => {
        if (right !== undefined && !may(person, right)) return '';
        return html`<a href="${at}"${label === title ? html` aria-current="page"` : ''}>${label}</a> `;
      })}</nav>
<div class="page-header-end">
<form method="post" action="/theme"><input type="hidden" name="form-token" value="${token}">
<button class="quiet" name="theme" value="${other}">${other === 'dark' ? 'Dark' : 'Light'} theme</button></form>
<a href="/account">${person.name}</a>
<form method="post" action="/sign-out"><input type="hidden" name="form-token" value="${token}">
<button class="quiet">Sign out</button></form>
</div>`
}
</header>`;
}

/** A moment; an island turns it into the reader's time zone. */
export function moment(instant: string): Html {
  return html`<time datetime="${instant}">${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC</time>`;
}
