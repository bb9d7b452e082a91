import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import type { WebContext } from '../parts.ts';
import { revealedTo } from './case.ts';

/**
 * Runs as the person who asks may see them now: without the result where they are still to read the images without it.
 * Every page and answer that shows a run takes it through here.
 */
export async function shownTo(c: Pick<WebContext, 'var'>, runs: readonly RunView[]): Promise<RunView[]> {
  const revealed = await revealedTo(c.var.parts, c.var.person, runs);
  return runs.map((run) =>
    revealed.has(run.id) || run.result === null ? run : { ...run, result: null, withheld: true },
  );
}

/** @throws {ProblemError} 403: the person is still to read the run's images without its result */
export async function requireRevealed(c: Pick<WebContext, 'var'>, run: RunView): Promise<void> {
  if ((await revealedTo(c.var.parts, c.var.person, [run])).has(run.id)) return;
  throw new ProblemError(
    403,
    'Not shown yet',
    'Readers of this evaluation read the images before they see the model’s result.',
  );
}
