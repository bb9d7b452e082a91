import { DrizzleQueryError } from 'drizzle-orm';
import postgres from 'postgres';
import type { Logger } from '../lib/platform/log.ts';

/**
 * A log whose errors hold no values of statements: drizzle writes the parameters of a failed statement into its message,
 * and PostgreSQL the row into its detail, and both hold names and PatientIDs here.
 */
export function withoutValues(log: Logger): Logger {
  return log.child({}, { serializers: { err: describeError } });
}

/** What may be told of an error. */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof DrizzleQueryError) return describeError(error.cause);
  if (error instanceof postgres.PostgresError) {
    const { code, severity, table_name: table, constraint_name: constraint, routine } = error;
    return { type: 'PostgresError', code, severity, table, constraint, routine };
  }
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
