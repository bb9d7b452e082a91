import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { WebContext } from '../parts.ts';

/** Its name. By HTTPS no other host of the domain, and nobody by plain HTTP, can plant one that begins so. */
function nameOf({ var: { parts, isSecure } }: WebContext): string {
  return isSecure ? `__Host-${parts.cookieName}` : parts.cookieName;
}

/** The session's token that the browser carries; undefined: none. */
export function sessionCookie(c: WebContext): string | undefined {
  const token = getCookie(c, nameOf(c));
  return token === '' ? undefined : token;
}

/** Gives the browser a session's token: for no script to read, and by HTTPS for no other way. */
export function setSessionCookie(c: WebContext, token: string): void {
  const { isSecure, parts } = c.var;
  const maxAge = parts.sessions.hours * 60 * 60;
  setCookie(c, nameOf(c), token, { httpOnly: true, sameSite: 'Lax', path: '/', secure: isSecure, maxAge });
}

/** Takes it away. */
export function dropSessionCookie(c: WebContext): void {
  deleteCookie(c, nameOf(c), { path: '/', secure: c.var.isSecure });
}
