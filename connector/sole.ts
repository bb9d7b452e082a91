import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { ADVISORY_LOCK } from '../lib/database/locks.ts';

/** How long a PostgreSQL that does not answer yet is waited for, ms. */
const DATABASE_LIMIT_MS = 60_000;

const LOOK_AGAIN_MS = 200;

/**
 * Waits until this is the only connector at work on its database, and until PostgreSQL answers at all. The lock belongs to
 * a session: it is free the moment its process is dead, and a second connector stands by until then. Whatever the queue
 * holds as active when the lock is ours belongs to a connector that is gone.
 *
 * @param onLost the session broke: somebody else may be at work now, so nothing may be done any more
 */
export async function becomeSole(url: string, onLost: () => void): Promise<{ release(): Promise<void> }> {
  let held = false;
  const sql = postgres(url, {
    max: 1,
    idle_timeout: undefined,
    max_lifetime: null,
    fetch_types: false,
    backoff: () => LOOK_AGAIN_MS / 1000,
    onnotice: () => {},
    onclose: () => {
      if (held) onLost();
    },
  });
  const limit = Date.now() + DATABASE_LIMIT_MS;
  for (;;) {
    try {
      await sql`select pg_advisory_lock(${ADVISORY_LOCK.connector})`;
      held = true;
      break;
    } catch (error) {
      if (Date.now() > limit) {
        await sql.end({ timeout: 1 });
        throw error;
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }
  return {
    release: async () => {
      held = false;
      await sql.end({ timeout: 2 });
    },
  };
}
