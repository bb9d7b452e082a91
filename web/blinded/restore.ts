import type { Database } from '../../lib/database/connection.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import { BlindedCopy } from '../../schemas/blinded.ts';
import { blindedCopy } from '../../schemas/database/web.ts';

/** Objects read at once. */
const BATCH = 16;

const RECORD = /^[^/]+\/copies\/[0-9a-f]{64}\.json$/;

/** Key in the bucket `feedback` of what says whose a copy is. */
export const copyRecordKey = ({ id, evaluation }: Pick<BlindedCopy, 'id' | 'evaluation'>): string =>
  `${evaluation}/copies/${id}.json`;

/**
 * Brings back from the store whose each blinded copy is, where the database has lost it. What the database has stays.
 *
 * @param onUnreadable told the key of a record that has not the shape of one: it is left out
 * @returns how many came back
 */
export async function restoreCopies(
  store: ObjectStore,
  database: Database,
  onUnreadable: (key: string) => void,
): Promise<number> {
  let restored = 0;
  const flush = async (keys: readonly string[]) => {
    const found = await Promise.all(keys.map((key) => readRecord(store, key)));
    for (const [at, copy] of found.entries()) if (copy === undefined) onUnreadable(keys[at] ?? '');
    restored += await addCopies(
      database,
      found.filter((copy) => copy !== undefined),
    );
  };
  for await (const evaluation of store.listPrefixes('feedback', '')) {
    let batch: string[] = [];
    for await (const { key } of store.list('feedback', `${evaluation}copies/`)) {
      if (!RECORD.test(key)) continue;
      batch.push(key);
      if (batch.length < BATCH) continue;
      await flush(batch);
      batch = [];
    }
    await flush(batch);
  }
  return restored;
}

/** What the store says of copies that were made before; none of those of which it says nothing. */
export async function recordedCopies(
  store: ObjectStore,
  copies: readonly Pick<BlindedCopy, 'id' | 'evaluation'>[],
): Promise<BlindedCopy[]> {
  const found = await Promise.all(
    copies.map(async (copy) => {
      try {
        return await readRecord(store, copyRecordKey(copy));
      } catch (error) {
        if (error instanceof ObjectNotFoundError) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((copy) => copy !== undefined);
}

/** @returns how many the database did not have */
export async function addCopies({ db }: Pick<Database, 'db'>, copies: readonly BlindedCopy[]): Promise<number> {
  if (copies.length === 0) return 0;
  const rows = copies.map((copy) => ({ ...copy, createdAt: new Date(copy.createdAt) }));
  return (await db.insert(blindedCopy).values(rows).onConflictDoNothing().returning()).length;
}

/** @returns undefined where it is no record of this copy */
async function readRecord(store: ObjectStore, key: string): Promise<BlindedCopy | undefined> {
  const text = (await store.get('feedback', key)).toString('utf8');
  const { success, data } = BlindedCopy.safeParse(parsed(text));
  return success && copyRecordKey(data) === key ? data : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
