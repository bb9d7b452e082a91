import { HTTPException } from 'hono/http-exception';
import { errorCode } from '../lib/platform/error-code.ts';
import { problemOf } from '../lib/platform/problem.ts';
import type { Problem } from '../schemas/problem.ts';
import { notFound } from './api/parse.ts';
import { errorPage } from './pages/error.ts';
import { NOBODY, type Viewer, viewerOf } from './pages/layout.ts';
import { themeOf } from './pages/theme.ts';
import type { WebContext } from './parts.ts';
import { isForPrograms } from './paths.ts';

/** The one place that decides how an error looks: problem+json for programs, a page for people. */
export function answerError(error: unknown, c: WebContext): Response | Promise<Response> {
  const problem = asProblem(error);
  if (problem.status >= 500) c.var.parts.log.error({ err: error, path: c.req.path }, 'request failed');
  return answerProblem(problem, c);
}

/** 404 for addresses that there are not. */
export function answerNotFound(c: WebContext): Response | Promise<Response> {
  return answerProblem(notFound('page').problem, c);
}

function answerProblem(problem: Problem, c: WebContext): Response | Promise<Response> {
  if (isForPrograms(c.req.path)) {
    const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' };
    if (problem.status === 401) headers['WWW-Authenticate'] = 'Bearer';
    return new Response(JSON.stringify(problem), { status: problem.status, headers });
  }
  const page = errorPage(c.var.parts, whoSees(c), problem);
  return new Response(String(page), {
    status: problem.status,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
  });
}

/** Somebody who is signed in keeps the way to everything else. */
function whoSees(c: WebContext): Viewer {
  const theme = themeOf(c);
  return c.get('person') === undefined ? { ...NOBODY, theme } : viewerOf(c);
}

/** What PostgreSQL answers to a text with the character NUL, which it cannot hold: as a value, and within JSON. */
const NOT_A_TEXT = new Set(['22021', '22P05']);

function holdsNul(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NOT_A_TEXT.has(errorCode(error)) || holdsNul(error.cause);
}

function asProblem(error: unknown): Problem {
  if (holdsNul(error)) {
    const detail = 'What was sent holds a character that no text has (NUL).';
    return { type: 'about:blank', title: 'Not understood', status: 400, detail };
  }
  if (error instanceof HTTPException) {
    return { type: 'about:blank', title: error.message || 'Not understood', status: error.status };
  }
  return problemOf(error);
}
