import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../tests/ports.ts';
import { connect, type Database } from './connection.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';

/** Time in which those who wait for PostgreSQL notice that it is back, ms. */
const NOTICED_MS = 3_000;

describe('a connection whose PostgreSQL was killed', () => {
  let folder: string;
  let port: number;
  let server: EmbeddedPostgres;
  let database: Database;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-connection-'));
    port = await freePort();
    server = await startEmbeddedPostgres(folder, port);
    database = connect(server.url);
  });
  afterEach(async () => {
    await database.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('fails while it is away, and works and listens again soon after it is back, however often it was tried', async () => {
    let listening = 0;
    await database.sql.listen(
      'test',
      () => {},
      () => {
        listening += 1;
      },
    );
    await database.sql`select 1`;
    const gone = new Promise((resolve) => server.process.once('exit', resolve));
    server.process.kill('SIGKILL');
    await gone;
    // The process that serves a connection outlives the killed one until it notices, and may answer meanwhile.
    for (let failures = 0; failures < 8; ) {
      const failure = await database.sql`select 1`.then(() => null, String);
      if (failure === null) continue;
      expect(failure).toMatch(/ECONNREFUSED|CONNECTION_CLOSED|PostgreSQL closed|terminating connection/);
      failures += 1;
    }

    server = await startEmbeddedPostgres(folder, port);
    const select = async () => (await database.sql`select 1 as one`)[0]?.one;
    await expect.poll(select, { timeout: NOTICED_MS }).toBe(1);
    await expect.poll(() => listening, { timeout: NOTICED_MS }).toBe(2);
  });

  it('breaks nothing when it is killed under many transactions: each fails, and every connection works again', async () => {
    const { sql, db } = database;
    await sql`create table counted (number int)`;
    const work = Array.from({ length: 40 }, async (_, number) => {
      for (;;) {
        if (number % 4 === 0) await sql`select ${number}::int`;
        else if (number % 4 === 1) await sql.begin((inside) => inside`insert into counted values (${number})`);
        else if (number % 4 === 2) {
          await db.transaction(async (inside) => {
            await inside.execute(`insert into counted values (${number})`);
            await inside.execute('select pg_sleep(0.01)');
          });
        } else await db.execute(`select ${number}`);
      }
    });
    const failures = Promise.allSettled(work.map((each) => each.catch(() => sql`select 1`)));
    await sql`select pg_sleep(0.3)`;
    const gone = new Promise((resolve) => server.process.once('exit', resolve));
    server.process.kill('SIGKILL');
    await gone;
    expect((await failures).map(({ status }) => status)).toEqual(work.map(() => 'rejected'));

    server = await startEmbeddedPostgres(folder, port);
    const all = Array.from({ length: 16 }, (_, number) => (number % 2 === 0 ? sql`select 1` : db.execute('select 1')));
    const answered = Promise.all(all).then((answers) => answers.length);
    const late = new Promise((resolve) => setTimeout(resolve, NOTICED_MS, 'not answered in time'));
    expect(await Promise.race([answered, late])).toBe(16);
  });
});
