import { asc, eq } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { Logger } from '../../lib/platform/log.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { outbox } from '../../schemas/database/web.ts';

/** Wait before the store is tried again when it did not take something, ms. */
const TRY_AGAIN_MS = 10_000;

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
export function followOutbox(store: ObjectStore, database: Database, log: Logger) {
  let closed = false;
  let again = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const run = async () => {
    do {
      again = false;
      try {
        await exportOutbox(store, database);
      } catch (error) {
        log.error({ err: error }, 'answers wait to be written to the store');
        again = false;
        if (!closed) timer = setTimeout(wake, TRY_AGAIN_MS);
      }
    } while (again && !closed);
  };
  const wake = () => {
    if (closed) return;
    again = true;
    clearTimeout(timer);
    running ??= run().finally(() => {
      running = undefined;
      if (again) wake();
    });
  };

  wake();
  return {
    wake,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
