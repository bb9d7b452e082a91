import { sql } from 'drizzle-orm';
import type { Database, Transaction } from '../database/connection.ts';
import { errorCode } from '../platform/error-code.ts';
import { ProblemError } from '../platform/problem.ts';

/** How long somebody who asks waits for the archive, ms. */
const PATIENCE_MS = 3_000;

/** SQLSTATE lock_not_available. */
const NOT_AVAILABLE = '55P03';

/**
 * Does what a person asks for in a transaction, unless the archive is held for longer than a person waits: an index that is
 * made anew holds it for minutes, and each who waited would keep a connection from all the others.
 *
 * @throws {ProblemError} 503
 */
export async function withPatience<Done>(
  { db }: Pick<Database, 'db'>,
  work: (transaction: Transaction) => Promise<Done>,
): Promise<Done> {
  try {
    return await db.transaction(async (transaction) => {
      await transaction.execute(sql.raw(`set local lock_timeout = ${PATIENCE_MS}`));
      return work(transaction);
    });
  } catch (error) {
    if (!isImpatience(error)) throw error;
    const rule =
      'The index of the archive is being made anew, or is in other hands. Nothing was changed: try again later.';
    throw new ProblemError(503, 'Not now', rule);
  }
}

function isImpatience(error: unknown): boolean {
  return error instanceof Error && (errorCode(error) === NOT_AVAILABLE || isImpatience(error.cause));
}
