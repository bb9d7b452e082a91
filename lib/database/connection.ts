import { readFileSync } from 'node:fs';
import path from 'node:path';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { type Configuration, ConfigurationError } from '../platform/configuration.ts';
import { openSocket } from './socket.ts';

/** Pause before a broken connection is opened again, s. The client's own grows to 20 s: long after PostgreSQL is back. */
const RECONNECT_SECONDS = 0.25;

/** A connection that is not open by then is given up and opened anew, s: PostgreSQL is near. */
const CONNECT_SECONDS = 5;

/** A connection pool, twice: drizzle's for the tables, and plain `sql` for what drizzle has no words for. */
export interface Database {
  readonly db: ReturnType<typeof drizzle>;
  readonly sql: postgres.Sql;
  close(): Promise<void>;
}

/** A connection inside a transaction. */
export type Transaction = Parameters<Parameters<Database['db']['transaction']>[0]>[0];

/** Where statements go: the database, or a transaction that is open already. */
export type Queries = Database['db'] | Transaction;

/**
 * Connects to PostgreSQL; connections are opened when needed and again after they broke.
 *
 * Two clients, since drizzle changes the parsers of the one it is given (`json()` no longer works on it).
 */
export function connect(url: string, options: { max?: number } = {}): Database {
  const { max = 8 } = options;
  const settings = {
    max,
    backoff: () => RECONNECT_SECONDS,
    connect_timeout: CONNECT_SECONDS,
    socket: openSocket,
    onnotice: () => {},
  };
  const forDrizzle = postgres(url, settings);
  const sql = postgres(url, settings);
  return {
    db: drizzle(forDrizzle),
    sql,
    close: async () => {
      await Promise.all([forDrizzle.end({ timeout: 5 }), sql.end({ timeout: 5 })]);
    },
  };
}

/** File in the folder of secrets that names the embedded PostgreSQL; its supervisor writes it before the services start. */
export const DATABASE_URL_FILE = 'database-url';

/** Where PostgreSQL is: the configured one, else the embedded one. @throws {ConfigurationError} neither is there */
export function databaseUrl(configuration: Pick<Configuration, 'databaseUrl' | 'secrets'>): string {
  if (configuration.databaseUrl !== undefined) return configuration.databaseUrl;
  try {
    return readFileSync(path.join(configuration.secrets, DATABASE_URL_FILE), 'utf8').trim();
  } catch (error) {
    throw new ConfigurationError('No PostgreSQL: set DATABASE_URL, or start Overread with `npm start`.', {
      cause: error,
    });
  }
}
