import { record } from '../audit/audit.ts';
import { keepDraftOf } from '../feedback/handlers.ts';
import { themeOf } from '../pages/theme.ts';
import type { WebContext } from '../parts.ts';
import { pathOnThisSite } from '../paths.ts';
import { isPrivate } from '../security.ts';
import { AccountName } from './accounts.ts';
import { dropSessionCookie, sessionCookie, setSessionCookie } from './cookie.ts';
import { requireFormToken } from './gate.ts';
import { identify } from './identify.ts';
import { beginSignIn, signInSucceeded, signInUnjudged } from './lockout.ts';
import { endSession, startSession } from './sessions.ts';
import { insecurePage, signInPage } from './sign-in-page.ts';

/** The same words whether the name or the password was wrong. */
const REFUSAL = 'Name and password do not belong together. Check both and try again.';

const FORGOTTEN = 'Where the password is forgotten, an administrator of Overread sets a new one';
const OF_THE_HOSPITAL = ', unless it is that of the hospital';

const NO_ROLE = 'Your name and password are right, but you have no role here yet. Ask an administrator for one.';

const DIRECTORY_AWAY =
  'The hospital’s directory does not answer, so nobody can sign in by it now. Try again shortly; local accounts work as ever.';

/** `GET /sign-in` */
export function getSignIn(c: WebContext) {
  if (!mayTellPassword(c)) return insecure(c);
  return c.html(signInPage(c.var.parts, themeOf(c), { next: pathOnThisSite(c.req.query('next')) }));
}

/** `POST /sign-in` */
export async function postSignIn(c: WebContext) {
  const { parts } = c.var;
  if (!mayTellPassword(c)) return insecure(c);
  const body = await c.req.parseBody();
  const text = (field: string) => (typeof body[field] === 'string' ? body[field] : '');
  const next = pathOnThisSite(text('next'));
  const [name, password, resume] = [text('name'), text('password'), text('resume')];
  const again = (refusal: string, status: 401 | 403 | 429 | 503) =>
    c.html(signInPage(parts, themeOf(c), { next, name, refusal, ...(resume === '' ? {} : { resume }) }), status);

  const address = c.var.address ?? '';
  const wait = await beginSignIn(parts.database, name, address, parts.now());
  if (wait > 0) {
    c.header('Retry-After', String(Math.ceil(wait / 1000)));
    return again(`Too many failed tries. Wait ${waitInWords(wait)}, then try again.`, 429);
  }
  const person = await identify(parts, name, password);
  if (person === 'directory-away') {
    await signInUnjudged(parts.database, name, address);
    return again(DIRECTORY_AWAY, 503);
  }
  if (person === 'wrong' || person === 'no-role') {
    const known = AccountName.safeParse(name);
    // What was typed may be a password in the wrong field: only what has the form of a name is written down.
    const subject = known.success ? known.data : 'unknown';
    await record(parts.database, { actor: 'nobody', action: 'sign-in-refused', subject, at: parts.now() });
    return person === 'wrong'
      ? again(`${REFUSAL} ${FORGOTTEN}${parts.directory === undefined ? '' : OF_THE_HOSPITAL}.`, 401)
      : again(NO_ROLE, 403);
  }
  await signInSucceeded(parts.database, name, address);
  await openSession(c, person.name);
  await record(parts.database, { actor: person.name, action: 'signed-in', subject: person.name, at: parts.now() });
  const kept = resume === '' ? undefined : await keepDraftOf(parts, person, resume);
  return c.redirect(kept ?? next, 303);
}

/** `POST /sign-out` */
export async function postSignOut(c: WebContext) {
  const { parts, person, sessionToken } = c.var;
  const { 'form-token': token } = await c.req.parseBody();
  requireFormToken(c, token);
  if (sessionToken !== undefined) await endSession(parts.database, sessionToken);
  dropSessionCookie(c);
  c.header('Clear-Site-Data', '"cache"');
  await record(parts.database, { actor: person.name, action: 'signed-out', subject: person.name, at: parts.now() });
  return c.redirect('/sign-in', 303);
}

/** Gives the browser a session of its own: always a new token, so that one planted before is worth nothing. The one it had ends. */
export async function openSession(c: WebContext, name: string): Promise<void> {
  const { database, sessions, now } = c.var.parts;
  const before = sessionCookie(c);
  if (before !== undefined) await endSession(database, before);
  setSessionCookie(c, await startSession(database, name, now(), sessions));
}

/** Whether a password, or the cookie of a session, may go this way. */
export const mayTellPassword = ({ var: { address, isSecure }, req }: WebContext): boolean =>
  isPrivate({ address, isSecure }, req.raw.headers);

/** What somebody gets whose password or session would go through the network in the clear. */
export function insecure(c: WebContext) {
  const port = Number(new URL(c.req.url).port) || 80;
  return c.html(insecurePage(c.var.parts, themeOf(c), port), 403);
}

function waitInWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
