import { expect, vi } from 'vitest';
import type { Database } from '../../lib/database/connection.ts';

/** Holds what a statement locks. @returns lets it go again */
export async function hold({ sql }: Pick<Database, 'sql'>, statement: string): Promise<() => Promise<void>> {
  const holder = await sql.reserve();
  await holder`begin`;
  await holder.unsafe(statement);
  return async () => {
    await holder`rollback`;
    holder.release();
  };
}

/** Resolves when so many connections to the database wait for a lock. */
export async function whenWaiting({ sql }: Pick<Database, 'sql'>, connections: number): Promise<void> {
  const waiting = async () => {
    const [row] = await sql`select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    return row?.waiting;
  };
  await vi.waitFor(async () => expect(await waiting()).toBe(connections), { timeout: 10_000 });
}
