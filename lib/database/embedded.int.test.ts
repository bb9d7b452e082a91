import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../tests/ports.ts';
import { startServer } from '../../tests/postgres.ts';
import { startEmbeddedPostgres } from './embedded.ts';

describe('the embedded PostgreSQL', () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  it('answers on loopback, durable and in UTF-8', async () => {
    const sql = postgres(server.url, { max: 1 });
    const [row] = await sql`select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding`;
    await sql.end();
    expect(row).toEqual({ fsync: 'on', encoding: 'UTF8' });
  });

  it('refuses a wrong password', async () => {
    const url = new URL(server.url);
    url.password = 'wrong';
    const sql = postgres(url.href, { max: 1 });
    await expect(sql`select 1`).rejects.toThrow(/password authentication failed/);
    await sql.end();
  });

  it('ends although a process of it hangs', async () => {
    const other = await startServer();
    const sql = postgres(other.url, { max: 1 });
    const [checkpointer] = await sql`select pid from pg_stat_activity where backend_type = 'checkpointer'`;
    await sql.end();
    process.kill(Number(checkpointer?.pid), 'SIGSTOP');
    await other.stop();
    const again = postgres(other.url, { max: 1, connect_timeout: 1 });
    await expect(again`select 1`).rejects.toThrow(/ECONNREFUSED/);
    await again.end();
  });

  it('starts after one that was killed, whose processes are not all gone', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'overread-embedded-'));
    chmodSync(folder, 0o711);
    const port = await freePort();
    const killed = await startEmbeddedPostgres(folder, port);
    const sql = postgres(killed.url, { max: 1 });
    const [checkpointer] = await sql`select pid from pg_stat_activity where backend_type = 'checkpointer'`;
    await sql.end();
    const pid = Number(checkpointer?.pid);
    process.kill(pid, 'SIGSTOP');
    const gone = new Promise((resolve) => killed.process.once('exit', resolve));
    killed.process.kill('SIGKILL');
    await gone;
    setTimeout(() => process.kill(pid, 'SIGCONT'), 500);
    const next = await startEmbeddedPostgres(folder, port);
    const again = postgres(next.url, { max: 1 });
    expect([...(await again`select 1 as one`)]).toEqual([{ one: 1 }]);
    await again.end();
    await next.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});
