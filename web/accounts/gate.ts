import { createHash, timingSafeEqual } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { Variables, WebContext } from '../parts.ts';
import { isForPrograms } from '../paths.ts';
import type { Person } from './accounts.ts';
import { findTokenPerson } from './confirm.ts';
import { sessionCookie } from './cookie.ts';
import { findSession, isFormToken } from './sessions.ts';

/** As whom the site's own token (`OVERREAD_API_TOKEN`) acts. */
const API_TOKEN_PERSON: Person = { name: 'api-token', grants: [{ role: 'administrator', evaluation: null }] };

/** Header of requests that a page makes by itself: they do not keep a session alive. */
export const BACKGROUND_HEADER = 'overread-background';

/** Who makes a request: whose session the cookie is of, or whose token it carries; undefined for nobody. */
export async function whoAsks(
  c: WebContext,
): Promise<{ person: Person; sessionToken: string | undefined } | undefined> {
  const { database, apiToken, sessions, now } = c.var.parts;
  const bearer = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (bearer !== undefined) {
    const isSites = apiToken !== undefined && equal(bearer, apiToken);
    const person = isSites ? API_TOKEN_PERSON : await findTokenPerson(c.var.parts, bearer);
    return person === undefined ? undefined : { person, sessionToken: undefined };
  }
  const sessionToken = sessionCookie(c);
  if (sessionToken === undefined) return undefined;
  const touch = c.req.header(BACKGROUND_HEADER) === undefined && c.req.header('accept') !== 'text/event-stream';
  const person = await findSession(database, sessionToken, { now: now(), touch, limits: sessions });
  return person === undefined ? undefined : { person, sessionToken };
}

/** Lets only people through who are signed in; pages send the others to sign in and back, the API answers 401. */
export const signedIn = createMiddleware<{ Variables: Variables }>(async function signedIn(c, next) {
  const asking = await whoAsks(c);
  if (asking === undefined) {
    if (isForPrograms(c.req.path) || c.req.header('accept') === 'text/event-stream') throw notSignedIn();
    if (c.req.method === 'GET') return c.redirect(`/sign-in?next=${encodeURIComponent(wayBack(c))}`, 303);
    return c.redirect('/sign-in', 303);
  }
  c.set('person', asking.person);
  c.set('sessionToken', asking.sessionToken);
  await next();
});

/** Where somebody goes on after signing in. The viewer's query says which study it shows; others may hold what is no UID. */
function wayBack({ req }: Pick<WebContext, 'req'>): string {
  return req.path.startsWith('/viewer/') ? `${req.path}${new URL(req.url).search}` : req.path;
}

/** @throws {ProblemError} 403: the form was made for another session (or by another site) */
export function requireFormToken(c: WebContext, given: unknown): void {
  const { sessionToken } = c.var;
  if (sessionToken !== undefined && typeof given === 'string' && isFormToken(sessionToken, given)) return;
  throw new ProblemError(
    403,
    'This page is out of date',
    'You have signed in anew since the page was opened. Open it again.',
  );
}

/** 401 of the API. */
export function notSignedIn(): ProblemError {
  return new ProblemError(
    401,
    'Not signed in',
    'Sign in, or send `Authorization: Bearer TOKEN` with a token of your account.',
  );
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
