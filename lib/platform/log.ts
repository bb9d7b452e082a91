import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * The log of one process: JSON lines on standard output. Never give it PHI: names, PatientID, AccessionNumber, birth
 * dates, addresses stay out; UIDs, run ids and object keys may go in. Errors are given as `err`; of one that PostgreSQL
 * answered no values are told.
 *
 * @param part name of the process, `gateway`, `dicom-parser` …
 */
export function createLog(part: string, level: string = process.env.OVERREAD_LOG_LEVEL ?? 'info'): Logger {
  const serializers = { err: describeError };
  return pino({ base: { part, pid: process.pid }, level, timestamp: pino.stdTimeFunctions.isoTime, serializers });
}

/**
 * What may be told of an error. drizzle writes the parameters of a failed statement into its message, and PostgreSQL the
 * row into its own and into its detail; both may hold names, PatientIDs or what people entered.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  if ('query' in error && 'params' in error) return describeError(error.cause);
  const type = error.constructor.name;
  if ('severity' in error && 'code' in error) {
    const constraint = 'constraint_name' in error ? error.constraint_name : undefined;
    return { type, message: `PostgreSQL answered ${error.code}`, code: error.code, constraint };
  }
  return {
    type,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
