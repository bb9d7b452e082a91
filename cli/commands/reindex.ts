import { reindexArchive } from '../../lib/archive/reindex.ts';
import { connect, type Database, databaseUrl } from '../../lib/database/connection.ts';
import type { Configuration } from '../../lib/platform/configuration.ts';
import { openStore } from '../../lib/store/open.ts';
import { restoreCopies } from '../../web/blinded/restore.ts';
import { reprojectAll } from '../../web/projection/project.ts';
import { CommandError, EXIT } from '../exit.ts';

const PROGRESS_EVERY = 500;

/**
 * Rebuilds what PostgreSQL knows of images, runs and results from the object store, and whose each blinded copy is.
 * Starts no run.
 *
 * @throws {CommandError} (3) PostgreSQL does not answer
 */
export async function reindex(configuration: Configuration): Promise<void> {
  const database = connect(databaseUrl(configuration));
  const store = openStore(configuration.store);
  try {
    await requireDatabase(configuration, database);
    const instances = await reindexArchive(store, database, (done) => {
      if (done % PROGRESS_EVERY === 0) console.error(`${done} instances read`);
    });
    // Before the runs: an exam whose segmentations are there would be given to blinded readers anew.
    const copies = await restoreCopies(store, database, (key) => console.error(`${key} is no blinded copy: left out`));
    const runs = await reprojectAll(store, database);
    console.log(`Rebuilt the index: ${instances} instances, ${runs} runs.`);
    if (copies > 0)
      console.log(`Brought back whose ${copies === 1 ? 'one blinded copy is' : `${copies} blinded copies are`}.`);
  } finally {
    await Promise.all([database.close(), store.close()]);
  }
}

/** The embedded PostgreSQL runs as long as Overread does. */
async function requireDatabase(configuration: Configuration, database: Database): Promise<void> {
  try {
    await database.sql`select 1`;
  } catch (error) {
    const detail = configuration.databaseUrl === undefined ? 'start Overread with `npm start`' : 'see DATABASE_URL';
    throw new CommandError(EXIT.notReady, `PostgreSQL does not answer: ${detail}.`, error);
  }
}
