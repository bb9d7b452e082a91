import { setTimeout as sleep } from 'node:timers/promises';
import { followEvents } from '../../connector/feed.ts';
import type { Database } from '../../lib/database/connection.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { parseRunKey } from '../../lib/runs/keys.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import type { Bucket } from '../../schemas/store.ts';
import { ProjectionCursor } from './cursor.ts';
import { projectRun, Readings } from './project.ts';
import { noteUnreadable, whyUnreadable } from './unreadable.ts';

/** Wait before runs that could not be projected are tried again; doubled each time. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 3_000;

/**
 * How far a run has come is shown so long after it is known, ms: its next step needs the machine in that moment. What ends a run
 * is shown at once.
 */
const PROGRESS_AFTER_MS = 50;

export interface FollowProjectionOptions {
  readonly store: ObjectStore;
  readonly database: Database;
  readonly log: Logger;
  readonly onChange: (view: RunView) => void;
}

/** The run that an object belongs to; undefined where what it holds is on no page. */
export function runOfObject(bucket: Bucket, key: string): string | undefined {
  if (bucket === 'results') return /^[^/]+\/([0-9a-f]{64})\/result\.json$/.exec(key)?.[1];
  const object = bucket === 'runs' ? parseRunKey(key) : undefined;
  return object === undefined || object.kind === 'output' ? undefined : object.run;
}

/** Whether an object is what somebody waits for: a result, or the end of a run. */
function isAwaited(bucket: Bucket, key: string): boolean {
  return bucket === 'results' || parseRunKey(key)?.kind === 'end';
}

/**
 * Keeps the projection up to date from the stored events, from where it stopped the last time.
 *
 * A run gives some twenty events in a second or two. They are only noted as they come; a loop projects what was noted and
 * then moves the durable cursor, so that a burst costs few readings and a crash repeats some, which does no harm.
 */
export async function followProjection({ store, database, log, onChange }: FollowProjectionOptions) {
  const cursor = await ProjectionCursor.read(database, log);
  const after = cursor.position;
  let noted = new Set<string>();
  let seen = after;
  let wake = () => {};
  const closing = new AbortController();
  let hurry = new AbortController();
  const readings = new Readings();

  const feed = followEvents(
    database,
    { after, buckets: ['runs', 'results'], onError: (error) => log.error({ err: error }, 'events cannot be read') },
    async ({ id, bucket, key }) => {
      const run = runOfObject(bucket, key);
      if (run !== undefined) noted.add(run);
      if (run !== undefined && isAwaited(bucket, key)) hurry.abort();
      seen = id;
      wake();
    },
  );

  /** @returns whether the run is dealt with; false: try it again */
  const project = async (run: string): Promise<boolean> => {
    try {
      const view = await projectRun(store, database, run, { log, readings });
      if (view !== undefined) onChange(view);
      return true;
    } catch (error) {
      const reason = whyUnreadable(error);
      log.error(
        { err: error, run },
        reason === undefined ? 'run cannot be projected yet' : 'run cannot be read and is left out',
      );
      return reason === undefined
        ? false
        : noteUnreadable(database, run, reason).then(
            () => true,
            () => false,
          );
    }
  };

  const work = async () => {
    let wait = FIRST_WAIT_MS;
    while (!closing.signal.aborted) {
      if (seen === cursor.position && noted.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const now = AbortSignal.any([hurry.signal, closing.signal]);
      if (noted.size > 0) await sleep(PROGRESS_AFTER_MS, undefined, { signal: now }).catch(() => {});
      hurry = new AbortController();
      const [runs, upTo] = [noted, seen];
      noted = new Set();
      const again: string[] = [];
      for (const run of runs) if (!(await project(run))) again.push(run);
      if (again.length > 0) {
        // The store or the database is away: the cursor stays, so that not even a restart forgets these runs.
        for (const run of again) noted.add(run);
        await sleep(wait, undefined, { signal: closing.signal });
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        continue;
      }
      wait = FIRST_WAIT_MS;
      cursor.passed(upTo);
    }
  };

  const working = work().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });
  // A rejection before `close` ends the process (lifecycle.ts): the supervisor starts it anew from the cursor.
  return {
    close: async () => {
      closing.abort();
      await feed.close();
      wake();
      await working;
      await cursor.close();
    },
  };
}
