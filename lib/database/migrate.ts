import { existsSync } from 'node:fs';
import path from 'node:path';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { HOME } from '../platform/configuration.ts';
import { ADVISORY_LOCK } from './locks.ts';

/** One PostgreSQL schema for each owner of tables. */
const OWNERS = ['archive', 'connector', 'web'] as const;

/**
 * Brings the tables of every owner to the newest version. Migrations lie in `schemas/migrations/<owner>`, made by
 * `npm run migration -- --schema schemas/database/<owner>.ts --out schemas/migrations/<owner>`; each owner's are counted apart.
 */
export async function migrateDatabase(url: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await client`select pg_advisory_lock(${ADVISORY_LOCK.migration})`;
    for (const owner of OWNERS) {
      const migrationsFolder = path.join(HOME, 'schemas/migrations', owner);
      if (!existsSync(migrationsFolder)) continue;
      await migrate(drizzle(client), { migrationsFolder, migrationsSchema: 'migrations', migrationsTable: owner });
    }
  } finally {
    await client.end({ timeout: 5 });
  }
}
