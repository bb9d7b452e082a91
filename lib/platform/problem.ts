import type { Problem } from '../../schemas/problem.ts';

/**
 * An error that the person at the other end can act on; `detail` is shown as it is, so it holds no PHI. Thrown anywhere
 * behind an HTTP face, it becomes `application/problem+json` there.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(status: number, title: string, detail: string, options: { outOfScope?: boolean; cause?: unknown } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.problem = {
      type: 'about:blank',
      title,
      status,
      detail,
      ...(options.outOfScope === true ? { outOfScope: true } : {}),
    };
  }
}

/** The input can never work (422): not tried again. */
export function unprocessable(detail: string, cause?: unknown): ProblemError {
  return new ProblemError(422, 'The input cannot be processed', detail, { cause });
}

/** The input is not what the pipeline was made for (422 with `outOfScope`): the run ends as out of scope, which is no failure. */
export function outOfScope(detail: string): ProblemError {
  return new ProblemError(422, 'Out of scope', detail, { outOfScope: true });
}

/** The problem that an error is, for an answer or an object: a `ProblemError`'s own, else a 500 that tells nothing of the inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return { type: 'about:blank', title: 'Internal error', status: 500, detail: 'An unexpected error; the log has it.' };
}
