import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { startEmbeddedPostgres } from '../lib/database/embedded.ts';
import { migrateDatabase } from '../lib/database/migrate.ts';
import { tryPort } from '../lib/platform/listen.ts';

/** A PostgreSQL for one test file: real, empty, migrated. */
export interface TestPostgres {
  readonly url: string;
  /** Another empty, migrated database on the same server. */
  fresh(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL in a temporary folder. Call it in `beforeAll`, `stop` in `afterAll`. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-postgres-'));
  // As root, PostgreSQL's own account must pass through, or its data would lie elsewhere and be left there.
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres(folder, await freePort());
  await migrateDatabase(server.url);
  return {
    url: server.url,
    fresh: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      const sql = postgres(server.url, { max: 1 });
      await sql.unsafe(`create database ${name}`);
      await sql.end();
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      await migrateDatabase(url.href);
      return url.href;
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return tryPort('127.0.0.1', 0);
}
