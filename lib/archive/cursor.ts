import { eq } from 'drizzle-orm';
import { cursor } from '../../schemas/database/archive.ts';
import type { Database } from '../database/connection.ts';

/** The last stored event that was dealt with under this name; 0 where none was. */
export async function readCursor(database: Database, name: string): Promise<number> {
  const [row] = await database.db.select().from(cursor).where(eq(cursor.name, name));
  return row?.position ?? 0;
}

/** Everything up to and with this event is dealt with. */
export async function moveCursor(database: Database, name: string, position: number): Promise<void> {
  const values = { name, position };
  await database.db.insert(cursor).values(values).onConflictDoUpdate({ target: cursor.name, set: values });
}
