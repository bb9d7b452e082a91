import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pipeline } from '../../schemas/pipeline.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { writePart10 } from '../dicom/write.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { type IngestContext, ingest, readEntry } from './ingest.ts';
import { decisionKey, discardedKey, quarantineKey } from './keys.ts';
import { decideQuarantined, findQuarantined, hearReleases, type QuarantineDecision } from './quarantine.ts';
import { quarantinedInstances, studyView } from './read.ts';
import { reindexArchive } from './reindex.ts';
import { Spool } from './spool.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';
const UIDS = { SOPClassUID: CR, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1' };

const PIPELINE = Pipeline.parse({
  name: 'hip',
  version: '1.0.0',
  title: 'Hip',
  calledAETitle: 'HIP',
  quietSeconds: 60,
  admits: { SOPClassUID: [CR] },
  steps: [{ name: 'only', operator: 'only' }],
});

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
  folder = mkdtempSync(path.join(tmpdir(), 'overread-quarantine-'));
  database = connect(await server.fresh(), { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  spool = new Spool(path.join(folder, 'spool'));
  await spool.open();
  const route = { name: 'all', pipeline: 'hip', when: {}, stationNames: [] };
  context = { store, database, routes: [route], pipelines: new Map([['hip', PIPELINE]]), quietSeconds: undefined };
});
afterEach(async () => {
  await database.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server.stop());

async function receive(elements: Record<string, string>): Promise<string> {
  const draft = await spool.begin();
  await draft.write([writePart10({ ...UIDS, SOPInstanceUID: '1.2.1.1', PatientID: 'P1', ...elements })]);
  return ingest(await readEntry(await draft.commit(), false, context), context);
}

/** Sends one instance and, when it is in, another that goes into quarantine; answers the latter's digest. */
async function quarantined(elements: Record<string, string>): Promise<string> {
  await receive({});
  expect(await receive(elements)).toBe('quarantined');
  return (await quarantinedInstances(database, { limit: 10 }))[0]?.sha256 ?? '';
}

const decision = (kind: QuarantineDecision['decision']): QuarantineDecision => {
  return { decision: kind, by: 'boss', reason: 'The ward mixed up two identifiers.', at: new Date() };
};
const waiting = () => quarantinedInstances(database, { limit: 10 });

/** Waits until somebody waits for a lock. */
async function blocked({ sql }: Database): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(
        await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      ).not.toEqual([]);
    },
    { timeout: 10_000 },
  );
}

describe('an instance of another patient', () => {
  const OTHER = { SOPInstanceUID: '1.2.1.2', PatientID: 'P2' };

  it('goes in when a person releases it, asks for a run, and tells the gateway', async () => {
    const sha256 = await quarantined(OTHER);
    const heard = vi.fn();
    await hearReleases(database, heard);
    heard.mockClear();
    expect((await findQuarantined(context, sha256))?.facts.patient?.PatientID).toBe('P2');
    expect(await decideQuarantined(context, sha256, decision('release'))).toBe('released');
    expect(await waiting()).toEqual([]);
    expect(await studyView(database, '1.2')).toMatchObject({ instances: 2, quarantined: 0, state: 'receiving' });
    await vi.waitFor(() => expect(heard).toHaveBeenCalled(), { timeout: 10_000 });
    const kept = JSON.parse((await store.get('dicom', decisionKey(sha256))).toString('utf8'));
    expect(kept).toMatchObject({ decision: 'release', by: 'boss', sha256 });
    expect(await store.stat('dicom', quarantineKey(sha256))).toBeUndefined();
    expect(await decideQuarantined(context, sha256, decision('release')), 'it waits no more').toBeUndefined();
  });

  it('stays where it was put when the index is made anew', async () => {
    const sha256 = await quarantined({ ...OTHER, SeriesInstanceUID: '1.2.0' });
    await decideQuarantined(context, sha256, decision('release'));
    expect(await reindexArchive(store, database)).toBe(2);
    expect(await waiting()).toEqual([]);
    expect(await studyView(database, '1.2')).toMatchObject({ instances: 2, quarantined: 0 });
    const [patient] = await database.sql`select patient_id from archive.patient`;
    expect(patient, 'the study is still of its patient').toEqual({ patient_id: 'P1' });
  });

  it.each(['release', 'discard'] as const)(
    'is decided on once where two people do so at once: the other to %s',
    async (other) => {
      const sha256 = await quarantined(OTHER);
      // Both have looked before either decides.
      const both = Promise.withResolvers<void>();
      let looking = 0;
      const get = store.get.bind(store);
      vi.spyOn(store, 'get').mockImplementation(async (bucket, key) => {
        if (key === quarantineKey(sha256) && ++looking === 2) both.resolve();
        await Promise.race([both.promise, blocked(database)]);
        return get(bucket, key);
      });
      const decide = (kind: QuarantineDecision['decision']) => decideQuarantined(context, sha256, decision(kind));
      const outcomes = await Promise.all([decide('release'), decide(other)]);
      vi.restoreAllMocks();
      expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
      const released = outcomes.includes('released');
      expect((await studyView(database, '1.2'))?.instances).toBe(released ? 2 : 1);
      expect(await store.stat('dicom', discardedKey(sha256))).toEqual(released ? undefined : expect.anything());
      const kept = JSON.parse((await store.get('dicom', decisionKey(sha256))).toString('utf8'));
      expect(kept.decision).toBe(released ? 'release' : 'discard');
    },
  );

  it('waits no more, and is kept, when a person discards it; sent again, it waits again', async () => {
    const sha256 = await quarantined(OTHER);
    expect(await decideQuarantined(context, sha256, decision('discard'))).toBe('discarded');
    expect(await waiting()).toEqual([]);
    expect(await store.stat('dicom', discardedKey(sha256))).toBeDefined();
    expect(await studyView(database, '1.2')).toMatchObject({ instances: 1, quarantined: 0 });
    expect(await receive(OTHER)).toBe('quarantined');
  });
});

describe('an instance that cannot go in', () => {
  it('says why: its UID is held with other content', async () => {
    const sha256 = await quarantined({ StudyDescription: 'Another' });
    expect((await findQuarantined(context, sha256))?.obstacle).toContain('none takes the place of another');
    expect(await decideQuarantined(context, sha256, decision('release'))).toEqual({
      refused: expect.stringContaining('is held'),
    });
    expect(await waiting()).toHaveLength(1);
    expect(await store.stat('dicom', decisionKey(sha256)), 'nothing was decided').toBeUndefined();
  });

  it('is unknown where nothing waits', async () => {
    expect(await findQuarantined(context, 'f'.repeat(64))).toBeUndefined();
  });
});
