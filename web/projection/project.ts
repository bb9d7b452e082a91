import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { resultKey } from '../../lib/runs/keys.ts';
import { type RunObjects, readRunObjects, runStateOf } from '../../lib/runs/state.ts';
import { viewRun } from '../../lib/runs/view.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import { run } from '../../schemas/database/web.ts';
import { Result } from '../../schemas/result.ts';
import { forgetUnreadable, noteUnreadable, whyUnreadable } from './unreadable.ts';

/** Runs whose objects are kept between two readings. */
const KEPT_READINGS = 64;

/** What was read last of the runs that change at the moment: of a run that goes on, little is new each time. */
export class Readings {
  readonly #objects = new Map<string, RunObjects>();

  of(run: string): RunObjects | undefined {
    return this.#objects.get(run);
  }

  keep(run: string, objects: RunObjects): void {
    this.#objects.delete(run);
    this.#objects.set(run, objects);
    for (const oldest of this.#objects.keys()) {
      if (this.#objects.size <= KEPT_READINGS) break;
      this.#objects.delete(oldest);
    }
  }
}

/**
 * Reads a run from the store and writes what pages and API show of it. Reading again each time makes it right whatever
 * events were lost, doubled or late; the lock keeps two of them from writing an older state over a newer one.
 *
 * @param readings of this process: what has not changed since is not read again
 * @returns what was written; undefined where the store has no such run
 */
export async function projectRun(
  store: ObjectStore,
  database: Database,
  id: string,
  { log, readings }: { log?: Logger; readings?: Readings } = {},
): Promise<RunView | undefined> {
  return database.db.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`web.run ${id}`}, 0))`);
    const objects = await readRunObjects(store, id, readings?.of(id));
    readings?.keep(id, objects);
    const state = runStateOf(id, objects);
    if (state === undefined) return undefined;
    const shown = viewRun(state);
    const view: RunView = { ...shown, result: await readResult(store, shown.pipeline, id, log) };
    const row = {
      pipeline: view.pipeline,
      studyInstanceUid: view.studyInstanceUid,
      status: view.status,
      createdAt: new Date(view.createdAt),
      amends: view.amends,
      readable: view.status === 'succeeded' && view.result !== null && view.replayOf === null,
      view,
    };
    await transaction
      .insert(run)
      .values({ id, ...row })
      .onConflictDoUpdate({ target: run.id, set: row });
    await forgetUnreadable(transaction, id);
    return view;
  });
}

/** Makes the projection of every run anew. A run without a valid plan is left out. @returns how many there are */
export async function reprojectAll(store: ObjectStore, database: Database): Promise<number> {
  let runs = 0;
  for await (const prefix of store.listPrefixes('runs', '')) {
    const id = prefix.slice(0, -1);
    if (!/^[0-9a-f]{64}$/.test(id)) continue;
    try {
      if ((await projectRun(store, database, id)) !== undefined) runs += 1;
    } catch (error) {
      const reason = whyUnreadable(error);
      if (reason === undefined) throw error;
      await noteUnreadable(database, id, reason);
    }
  }
  return runs;
}

async function readResult(
  store: ObjectStore,
  pipeline: string,
  id: string,
  log: Logger | undefined,
): Promise<Result | null> {
  try {
    const parsed = Result.safeParse(JSON.parse((await store.get('results', resultKey(pipeline, id))).toString('utf8')));
    if (parsed.success) return parsed.data;
    log?.error({ run: id, problem: parsed.error.issues[0]?.message }, 'result has an unknown shape');
    return null;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}
