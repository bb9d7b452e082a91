import { eq } from 'drizzle-orm';
import { notePassed } from '../../connector/feed.ts';
import type { Database } from '../../lib/database/connection.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { cursor } from '../../schemas/database/web.ts';

const NAME = 'projection';

/**
 * How far the projection has come is written this long after it has moved, ms: a run gives some twenty events in a second or
 * two, and each forced write holds up the work that they tell of.
 */
const WRITE_AFTER_MS = 500;

/**
 * The durable place of the projection among the events. It may be behind, so that a crash repeats what the last half second
 * brought, which does no harm; it is never ahead.
 */
export class ProjectionCursor {
  readonly #database: Database;
  readonly #log: Logger;
  #position: number;
  #written: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(database: Database, log: Logger, position: number) {
    this.#database = database;
    this.#log = log;
    this.#position = position;
    this.#written = position;
  }

  /** Where the projection stopped the last time; 0 where it never was. */
  static async read(database: Database, log: Logger): Promise<ProjectionCursor> {
    const [stored] = await database.db.select().from(cursor).where(eq(cursor.name, NAME));
    const position = stored?.position ?? 0;
    await notePassed(database, 'projection', position);
    return new ProjectionCursor(database, log, position);
  }

  get position(): number {
    return this.#position;
  }

  /** Every event up to this one is dealt with for good. */
  passed(position: number): void {
    this.#position = position;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, WRITE_AFTER_MS).unref();
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#write();
    clearTimeout(this.#timer);
  }

  async #write(): Promise<void> {
    const position = this.#position;
    if (position === this.#written) return;
    const values = { name: NAME, position };
    try {
      await this.#database.db.insert(cursor).values(values).onConflictDoUpdate({ target: cursor.name, set: values });
      await notePassed(this.#database, 'projection', position);
      this.#written = position;
    } catch (error) {
      this.#log.error({ err: error }, 'the cursor of the projection cannot be moved yet');
      this.passed(this.#position);
    }
  }
}
