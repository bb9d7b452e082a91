import { asc, eq } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { Alarm } from '../../lib/platform/alarm.ts';
import type { Logger } from '../../lib/platform/log.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { outbox } from '../../schemas/database/web.ts';

/** Rows taken at once. */
const PAGE = 100;

/** Writes everything in the outbox to the store, oldest first. A row is removed when the store has it; writing twice is harmless. */
export async function exportOutbox(store: ObjectStore, database: Database): Promise<number> {
  let written = 0;
  for (;;) {
    const rows = await database.db.select().from(outbox).orderBy(asc(outbox.id)).limit(PAGE);
    if (rows.length === 0) return written;
    for (const { id, key, body } of rows) {
      await store.put('feedback', key, Buffer.from(body), 'application/json');
      await database.db.delete(outbox).where(eq(outbox.id, id));
      written += 1;
    }
  }
}

/** Keeps the outbox empty: at start, whenever woken, and again after a failure. */
export function followOutbox(store: ObjectStore, database: Database, log: Logger): Alarm {
  const work = async () => {
    await exportOutbox(store, database);
    return undefined;
  };
  const alarm = new Alarm(work, (error) => log.error({ err: error }, 'answers wait to be written to the store'));
  alarm.wake();
  return alarm;
}
