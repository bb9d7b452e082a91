import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

/** A connection pool, twice: drizzle's for the tables, and plain `sql` for what drizzle has no words for. */
export interface Database {
  readonly db: ReturnType<typeof drizzle>;
  readonly sql: postgres.Sql;
  close(): Promise<void>;
}

/**
 * Connects to PostgreSQL; connections are opened when needed and again after they broke.
 *
 * Two clients, since drizzle changes the parsers of the one it is given (`json()` no longer works on it).
 */
export function connect(url: string, options: { max?: number } = {}): Database {
  const { max = 8 } = options;
  const forDrizzle = postgres(url, { max, onnotice: () => {} });
  const sql = postgres(url, { max, onnotice: () => {} });
  return {
    db: drizzle(forDrizzle),
    sql,
    close: async () => {
      await Promise.all([forDrizzle.end({ timeout: 5 }), sql.end({ timeout: 5 })]);
    },
  };
}
