import { reindexArchive } from '../../lib/archive/reindex.ts';
import { connect, databaseUrl } from '../../lib/database/connection.ts';
import type { Configuration } from '../../lib/platform/configuration.ts';
import { openStore } from '../../lib/store/open.ts';
import { reprojectAll } from '../../web/projection/project.ts';

const PROGRESS_EVERY = 500;

/** Rebuilds what PostgreSQL knows of images, runs and results from the object store. Starts no run. */
export async function reindex(configuration: Configuration): Promise<void> {
  const database = connect(databaseUrl(configuration));
  const store = openStore(configuration.store);
  try {
    const instances = await reindexArchive(store, database, (done) => {
      if (done % PROGRESS_EVERY === 0) console.error(`${done} instances read`);
    });
    const runs = await reprojectAll(store, database);
    console.log(`Rebuilt the index: ${instances} instances, ${runs} runs.`);
  } finally {
    await Promise.all([database.close(), store.close()]);
  }
}
