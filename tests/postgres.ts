import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { startEmbeddedPostgres } from '../lib/database/embedded.ts';
import { migrateDatabase } from '../lib/database/migrate.ts';
import { freePort } from './ports.ts';

/** URL of the server that all test files of a run share, in the environment: `tests/shared-postgres.ts` starts it. */
export const SHARED_POSTGRES = 'OVERREAD_TEST_POSTGRES';

/** A PostgreSQL for one test file: real, empty, migrated. */
export interface TestPostgres {
  readonly url: string;
  /** Another empty, migrated database on the same server. */
  fresh(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * An empty, migrated database of one's own, on the server that the test run shares or, outside of one (a benchmark), on one
 * started for it. Call it in `beforeAll`, `stop` in `afterAll`.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const shared = process.env[SHARED_POSTGRES];
  const server = shared === undefined ? await startServer() : { url: shared, stop: async () => {} };
  const made: string[] = [];
  const fresh = async () => {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await onServer(server.url, `create database ${name} template ${MIGRATED}`);
    made.push(name);
    return databaseOn(server.url, name);
  };
  return {
    url: await fresh(),
    fresh,
    stop: async () => {
      for (const name of made) await onServer(server.url, `drop database ${name} with (force)`);
      await server.stop();
    },
  };
}

/** The database that others are copied from; nobody connects to it. */
const MIGRATED = 'overread';

/** A server in a temporary folder, whose first database is migrated, to be copied. */
export async function startServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-postgres-'));
  // As root, PostgreSQL's own account must pass through, or its data would lie elsewhere and be left there.
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres(folder, await freePort());
  await migrateDatabase(server.url);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const sql = postgres(databaseOn(url, 'postgres'), { max: 1 });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

function databaseOn(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
