import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { writePart10 } from '../dicom/write.ts';
import { createLog } from '../platform/log.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { type IngestContext, ingest, readEntry } from './ingest.ts';
import { Intake } from './intake.ts';
import { instanceKey } from './keys.ts';
import { Spool, type SpoolEntry } from './spool.ts';

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let spool: Spool;
let context: IngestContext;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-ingest-'));
  database = connect(await server.fresh(), { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  spool = new Spool(path.join(folder, 'spool'));
  await spool.open();
  context = { store, database, routes: [], pipelines: new Map(), quietSeconds: undefined };
});
afterEach(async () => {
  await database.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server.stop());

const UIDS = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1' };

async function received(SOPInstanceUID: string): Promise<SpoolEntry> {
  const draft = await spool.begin();
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.1';
  await draft.write([writePart10({ SOPClassUID, SOPInstanceUID, ...UIDS, PatientID: 'P1' })]);
  return draft.commit();
}

async function held(): Promise<{ instances: number; duplicates: number; quarantined: number }> {
  const [row] = await database.sql<{ instances: number; duplicates: number; quarantined: number }[]>`
    select (select count(*)::int from archive.instance) as instances,
           (select coalesce(sum(duplicates), 0)::int from archive.study) as duplicates,
           (select count(*)::int from archive.quarantine) as quarantined`;
  return row ?? { instances: 0, duplicates: 0, quarantined: 0 };
}

describe('an ingest that is broken off', () => {
  it('after the object was put: is done anew', async () => {
    const entry = await received('1.2.3');
    await store.putFile('dicom', instanceKey({ ...UIDS, SOPInstanceUID: '1.2.3' }), entry.file);
    expect(await ingest(await readEntry(entry, true, context), context)).toBe('indexed');
    expect(await held()).toEqual({ instances: 1, duplicates: 0, quarantined: 0 });
  });

  it('after the index was written: is recognised, and not taken for a duplicate of itself', async () => {
    const entry = await received('1.2.3');
    expect(await ingest(await readEntry(entry, false, context), context)).toBe('indexed');
    expect(await ingest(await readEntry(entry, true, context), context)).toBe('known');
    expect(await held()).toEqual({ instances: 1, duplicates: 0, quarantined: 0 });
  });

  it('after a duplicate was counted: counts it once', async () => {
    await ingest(await readEntry(await received('1.2.3'), false, context), context);
    const again = await received('1.2.3');
    expect(await ingest(await readEntry(again, false, context), context)).toBe('duplicate');
    expect(await ingest(await readEntry(again, true, context), context)).toBe('known');
    expect(await held()).toEqual({ instances: 1, duplicates: 1, quarantined: 0 });
  });
});

describe('the intake', () => {
  /** Resolves when the spool is empty. */
  function drained(changed: IngestContext, log = createLog('test', 'silent')): Promise<void> {
    return new Promise((resolve) => {
      const intake = new Intake(spool, changed, log, () => {
        if (spool.depth === 0) resolve(intake.stop());
      });
      intake.start();
    });
  }

  /** A store that refuses an object `times` times, and one file always. */
  function refusing(part: string, times: number, always?: string): IngestContext {
    let left = times;
    const putFile: ObjectStore['putFile'] = async (bucket, key, file, ...rest) => {
      if (file === always || (key.includes(part) && left-- > 0)) throw new Error('refused');
      return store.putFile(bucket, key, file, ...rest);
    };
    const changed: ObjectStore = Object.create(store, { putFile: { value: putFile } });
    return { ...context, store: changed };
  }

  it('tries again what the store refused, and loses nothing', async () => {
    for (const number of [1, 2, 3, 4, 5, 6]) await received(`1.2.3.${number}`);
    await drained(refusing('', 3));
    expect(await held()).toEqual({ instances: 6, duplicates: 0, quarantined: 0 });
  });

  it('sets aside what fails while others go through, and drops nothing', async () => {
    for (let number = 0; number < 30; number++) await received(`1.2.3.${number}`);
    await drained(refusing('instances/1.2.3.0.dcm', Number.POSITIVE_INFINITY));
    expect(await held()).toEqual({ instances: 29, duplicates: 0, quarantined: 1 });
    const [row] = await database.sql`select reason from archive.quarantine`;
    expect(row?.reason).toBe('It could not be taken in: an unexpected error, which the log has.');
  });

  it('lets what can be neither taken in nor set aside hold up nothing, and leaves it where it is', async () => {
    for (let number = 0; number < 40; number++) await received(`1.2.3.${number}`);
    const [first] = spool.pending();
    const log = createLog('test', 'silent');
    const told = vi.spyOn(log, 'error');
    await drained(refusing('', 0, first?.file), log);
    expect(await held()).toEqual({ instances: 39, duplicates: 0, quarantined: 0 });
    expect(spool.oldest(), 'no study waits for it').toBeUndefined();
    expect(told.mock.calls).toEqual([
      [expect.objectContaining({ entry: first?.name }), expect.stringContaining('stays in the spool')],
    ]);
    const next = new Spool(path.join(folder, 'spool'));
    await next.open();
    expect(next.oldest()?.name, 'at the next start').toBe(first?.name);
  });

  it('tells the log of each instance that went to quarantine, and nothing of its patient', async () => {
    const SOPClassUID = '1.2.840.10008.5.1.4.1.1.1';
    const draft = await spool.begin();
    await draft.write([
      writePart10({ SOPClassUID, SOPInstanceUID: '1.2.3', StudyInstanceUID: '1.2', PatientID: 'P1' }),
    ]);
    const entry = await draft.commit();
    await received('1.2.4');
    const sha256 = createHash('sha256').update(readFileSync(entry.file)).digest('hex');
    const log = createLog('test', 'silent');
    const told = vi.spyOn(log, 'info');
    await drained(context, log);
    const instance = { sha256, SOPInstanceUID: '1.2.3', StudyInstanceUID: '1.2' };
    const reason = 'Its SeriesInstanceUID is missing or not valid.';
    expect(told.mock.calls).toEqual([[{ ...instance, reason }, 'an instance went to quarantine']]);
  });

  it('forgets the outcomes of entries that are gone', async () => {
    await received('1.2.3');
    await drained(context);
    expect(await database.sql`select 1 from archive.ingested`).toEqual([]);
  });
});
