import type { z } from 'zod';
import { firstIssue } from '../../lib/platform/issue.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { WebContext } from '../parts.ts';

/** Takes what was sent by its schema. @throws {ProblemError} `status`, naming the first thing that is wrong, not its value */
export function parseOrRefuse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { status = 400, title = 'Not understood' }: { status?: number; title?: string } = {},
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProblemError(status, title, `${firstIssue(parsed.error)}.`);
}

/** 404 of things that are not there, or that nobody may know of. */
export function notFound(what: string): ProblemError {
  return new ProblemError(404, 'Not found', `There is no ${what} of this name here.`);
}

/** A JSON body; another content type is refused, since a foreign page could send it without asking first. */
export async function jsonBody(c: WebContext): Promise<unknown> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
    throw new ProblemError(415, 'Not JSON', 'Send `Content-Type: application/json`.');
  }
  try {
    return await c.req.json();
  } catch (error) {
    throw new ProblemError(400, 'Not JSON', 'The body is not JSON.', { cause: error });
  }
}
