import { getCookie, setCookie } from 'hono/cookie';
import { requireFormToken } from '../accounts/gate.ts';
import type { WebContext } from '../parts.ts';
import { pathOnThisSite } from '../paths.ts';

export type Theme = 'dark' | 'light';

/** Dark, as in a reading room, unless somebody chose otherwise. */
export function themeOf(c: WebContext): Theme {
  return getCookie(c, `${c.var.parts.cookieName}-theme`) === 'light' ? 'light' : 'dark';
}

/** `POST /theme` */
export async function postTheme(c: WebContext) {
  const { theme, 'form-token': token } = await c.req.parseBody();
  requireFormToken(c, token);
  const name = `${c.var.parts.cookieName}-theme`;
  setCookie(c, name, theme === 'light' ? 'light' : 'dark', {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: 34_000_000,
  });
  return c.redirect(pathOnThisSite(URL.parse(c.req.header('referer') ?? '')?.pathname), 303);
}
