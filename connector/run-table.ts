import type { Database } from '../lib/database/connection.ts';
import type { End } from '../schemas/run.ts';

/** A run that failed and waits for a person. */
export interface DeadLetter {
  readonly run: string;
  readonly pipeline: string | null;
  readonly step: string | null;
  readonly reason: string | null;
  readonly endedAt: Date;
}

/** A run to be looked after, and the pipeline below which its results lie; null until its plan was read. */
export interface HeldRun {
  readonly id: string;
  readonly pipeline: string | null;
}

/** The table `connector.run`: an index of the runs' states, so that only those are listed that need it. */
export class RunTable {
  readonly #sql: Database['sql'];

  constructor(database: Database) {
    this.#sql = database.sql;
  }

  /** Notes a run that goes on. */
  async goesOn(run: string, pipeline: string): Promise<void> {
    await this.#sql`
      insert into connector.run (id, pipeline) values (${run}, ${pipeline})
      on conflict (id) do update set pipeline = excluded.pipeline, ended_at = null, status = null
      where connector.run.pipeline is null or connector.run.ended_at is not null`;
  }

  /** Notes how a run ended; false where that was known. */
  async ended(run: string, end: End, pipeline?: string): Promise<boolean> {
    const changed = await this.#sql`
      insert into connector.run (id, pipeline, ended_at, status, step, reason, retries)
      values (${run}, ${pipeline ?? null}, ${end.endedAt}, ${end.status}, ${end.step}, ${end.reason}, ${end.retries})
      on conflict (id) do update set pipeline = coalesce(excluded.pipeline, connector.run.pipeline),
        ended_at = excluded.ended_at, status = excluded.status, step = excluded.step, reason = excluded.reason,
        retries = excluded.retries
      where connector.run.ended_at is distinct from excluded.ended_at`;
    return changed.count > 0;
  }

  async active(): Promise<HeldRun[]> {
    return await this.#sql<HeldRun[]>`select id, pipeline from connector.run where ended_at is null order by heard_at`;
  }

  /** Runs that ended a short while ago: their last events may still be missing. */
  async endedSince(moment: Date): Promise<HeldRun[]> {
    return await this.#sql<HeldRun[]>`select id, pipeline from connector.run where ended_at > ${moment}`;
  }

  /** Failed runs that a person may have asked to try again; with `all`, those out of scope as well. */
  async endedBadly(since: Date, all: boolean): Promise<string[]> {
    const statuses = all ? ['failed', 'out-of-scope'] : ['failed'];
    const rows = await this.#sql<{ id: string }[]>`
      select id from connector.run where ended_at > ${since} and status = any(${statuses})`;
    return rows.map(({ id }) => id);
  }

  /** Those of the ids that are not held. */
  async unknown(ids: readonly string[]): Promise<string[]> {
    const rows = await this.#sql<{ id: string }[]>`
      select id from unnest(${[...ids]}::text[]) as listed (id)
      where not exists (select from connector.run where run.id = listed.id)`;
    return rows.map(({ id }) => id);
  }

  /** The newest first, at most 100. */
  async deadLetters(): Promise<DeadLetter[]> {
    return await this.#sql<DeadLetter[]>`
      select id as run, pipeline, step, reason, ended_at as "endedAt" from connector.run
      where status = 'failed' order by ended_at desc limit 100`;
  }

  async count(): Promise<{ active: number; deadLetters: number }> {
    const rows = await this.#sql<{ active: number; deadLetters: number }[]>`
      select count(*) filter (where ended_at is null)::int as active,
        count(*) filter (where status = 'failed')::int as "deadLetters"
      from connector.run`;
    return rows[0] ?? { active: 0, deadLetters: 0 };
  }
}
