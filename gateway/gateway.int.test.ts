import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findStudies, patientOfStudy, quarantineReasons, studyView } from '../lib/archive/read.ts';
import { reindexArchive } from '../lib/archive/reindex.ts';
import { connect, type Database } from '../lib/database/connection.ts';
import { readFileHead } from '../lib/dicom/part10.ts';
import { echo, sendFiles } from '../lib/dicom/send.ts';
import { deriveUid } from '../lib/dicom/uid.ts';
import { readRunState } from '../lib/runs/state.ts';
import { freePort } from '../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { dataSetOf, radiograph, written } from './images.fixture.ts';
import { Testbed, type TestbedOptions, until } from './world.fixture.ts';

const HIP = 'CI2_CD_HIP_FRAC';

let server: TestPostgres;
let gateway: Testbed;
let database: Database;

beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());

/** One gateway for the tests of a group; each uses studies of its own. */
function withGateway(options: Partial<TestbedOptions> = {}): void {
  beforeAll(async () => {
    const databaseUrl = await server.fresh();
    gateway = new Testbed({ databaseUrl, port: await freePort(), quietSeconds: 0.2, ...options });
    database = connect(databaseUrl, { max: 2 });
    await gateway.start();
  });
  afterAll(async () => {
    await database.close();
    await gateway.destroy();
  });
}

/** Sends files as they are, in the order given, and waits until they left the spool. */
async function send(files: readonly string[], called = 'OVERREAD') {
  const report = await sendFiles(target(called), files);
  await gateway.ingested();
  return report;
}

function target(calledAETitle: string) {
  return { host: '127.0.0.1', port: gateway.port, calledAETitle, callingAETitle: 'SENDER' };
}

function images(files: Readonly<Record<string, Uint8Array>>): string[] {
  return written(path.join(gateway.folder, 'images'), files);
}

/** Runs of a made-up study. */
async function runStates(study: string) {
  const ids = new Set((await gateway.keys('runs')).map((key) => key.slice(0, 64)));
  const states = await Promise.all([...ids].map((id) => readRunState(gateway.store, id)));
  return states
    .filter((state) => state?.run.study.StudyInstanceUID === uidOf(study))
    .filter((state) => state !== undefined);
}

/** Waits for that many runs, each with what triggered it. */
async function runs(study: string, number: number) {
  await until(`${number} runs`, async () => {
    const states = await runStates(study);
    return states.length === number && states.every(({ triggers }) => triggers.length > 0);
  });
  return runStates(study);
}

function uidOf(study: string): string {
  return deriveUid('test', study);
}

/** Rows of the index about a made-up study. */
function instancesOf(study: string) {
  return gateway.sql`select * from archive.instance where study_instance_uid = ${uidOf(study)}`;
}

describe('what a sender sees', () => {
  withGateway({ siteYaml: 'acceptedAETitles: [ELSEWHERE]\n' });

  it('is answered a C-ECHO under a title that is listed, and under those of the pipelines', async () => {
    await expect(echo(target('ELSEWHERE'))).resolves.toBeUndefined();
    await expect(echo(target('OVERREAD'))).resolves.toBeUndefined();
    await expect(echo(target(HIP))).resolves.toBeUndefined();
  });

  it('is refused under a title that is not listed', async () => {
    await expect(echo(target('UNKNOWN'))).rejects.toThrow(/called AE title/i);
  });

  it('finds the file meta information with both AE titles, and the data set as it was sent', async () => {
    const [file = ''] = images({ 'a.dcm': radiograph('meta', 1) });
    await send([file], HIP);
    const key = `studies/${uidOf('meta')}/series/${deriveUid('test', 'meta', 'series')}/instances/${deriveUid('test', 'meta', '1')}.dcm`;
    const stored = await gateway.store.get('dicom', key);
    expect(readFileHead(stored).meta).toMatchObject({
      SourceApplicationEntityTitle: 'SENDER',
      ReceivingApplicationEntityTitle: HIP,
    });
    expect(dataSetOf(stored).equals(dataSetOf(readFileSync(file)))).toBe(true);
  });
});

describe('identity', () => {
  withGateway();

  it('counts an instance received again once, whoever sends it', async () => {
    const files = images({ 'a.dcm': radiograph('again', 1) });
    await send(files);
    await send(files, HIP);
    expect(await studyView(database, uidOf('again'))).toMatchObject({ instances: 1, quarantined: 0 });
    const [row] = await gateway.sql`select duplicates from archive.study where study_instance_uid = ${uidOf('again')}`;
    expect(row?.duplicates).toBe(1);
  });

  it.each([
    ['other content', radiograph('other-content', 1, { SeriesDescription: 'other' }), 'is known with other content'],
    ['another patient', radiograph('another-patient', 1, { PatientID: 'P2' }), 'is known under another patient'],
    ['another study', radiograph('another-study', 1, { StudyInstanceUID: '1.2.3' }), 'is known in another study'],
  ])('puts the same SOPInstanceUID with %s into quarantine', async (what, second, reason) => {
    const study = what.replace(' ', '-');
    const files = images({ 'a.dcm': radiograph(study, 1), 'b.dcm': second });
    expect((await send(files)).sent).toBe(2);
    const rows =
      await gateway.sql`select object_key, reason from archive.quarantine where reason like ${`%${reason}.`}`;
    expect(rows).toHaveLength(1);
    expect(await gateway.keys('dicom', rows[0]?.object_key)).toHaveLength(1);
    expect(await studyView(database, uidOf(study))).toMatchObject({ instances: 1 });
  });

  it('puts an image of another patient in a known study into quarantine, counted on the study', async () => {
    const other = radiograph('mixed', 2, { IssuerOfPatientID: 'ELSEWHERE' });
    await send(images({ 'a.dcm': radiograph('mixed', 1), 'b.dcm': other }));
    expect(await studyView(database, uidOf('mixed'))).toMatchObject({ instances: 1, quarantined: 1 });
    expect(await quarantineReasons(database, uidOf('mixed'))).toEqual([
      { reason: 'Its study is known under another patient.', instances: 1 },
    ]);
  });

  it('never takes two empty PatientIDs for one patient', async () => {
    const nobody = { PatientID: '', IssuerOfPatientID: '' };
    await send(
      images({
        'a.dcm': radiograph('one', 1, nobody),
        'b.dcm': radiograph('two', 1, nobody),
        'c.dcm': radiograph('two', 2, nobody),
      }),
    );
    const [row] = await gateway.sql`select count(*)::int as patients from archive.patient where patient_id = ''`;
    expect(row?.patients).toBe(2);
    expect(await patientOfStudy(database, uidOf('one'))).toMatchObject({ patientId: null, name: 'Test^Patient' });
  });

  it('finds a study by its accession number, and nothing by an empty one', async () => {
    await send(images({ 'a.dcm': radiograph('accession', 1) }));
    expect(await findStudies(database, { accession: 'A-accession' })).toEqual([uidOf('accession')]);
    expect(await findStudies(database, { accession: ' ' })).toEqual([]);
  });
});

describe('what cannot be read in full', () => {
  withGateway();

  it('belongs to its study with a problem, and an on-demand run is made of it', async () => {
    const whole = radiograph('cut', 1);
    await send(images({ 'a.dcm': whole.subarray(0, whole.length - 100) }), HIP);
    const [row] = await instancesOf('cut');
    expect(row?.problem).toBe('It breaks off, or is broken, before its end.');
    const [state] = await runs('cut', 1);
    expect(state?.run.instances).toHaveLength(1);
  });

  it('says that an image has no pixels', async () => {
    await send(images({ 'a.dcm': radiograph('no-pixels', 1, { PixelData: undefined }) }));
    const [row] = await instancesOf('no-pixels');
    expect(row?.problem).toBe('It describes an image and holds no pixels.');
  });

  it('takes hostile values into the index, and goes on', async () => {
    const hostile = radiograph('hostile', 1, { SeriesDescription: "'; drop table x; --", PatientName: 'A^B' });
    hostile.write('\0\xff', hostile.indexOf('A^B'), 'latin1');
    await send(images({ 'a.dcm': hostile, 'b.dcm': radiograph('hostile', 2) }));
    expect(await instancesOf('hostile')).toHaveLength(2);
  });

  it('keeps bytes that are no data set in quarantine', async () => {
    const whole = radiograph('garbage', 1);
    const { dataSetOffset } = readFileHead(whole);
    await send(images({ 'a.dcm': Buffer.concat([whole.subarray(0, dataSetOffset), Buffer.alloc(64, 0xff)]) }));
    const rows = await gateway.sql`select reason from archive.quarantine`;
    expect(rows.map(({ reason }) => reason)).toEqual([
      'It breaks off, or is broken, before its end. Its StudyInstanceUID is missing or not valid.',
    ]);
  });
});

describe('from a study to a run', () => {
  withGateway();

  it('takes a study by its route, and says of each route why', async () => {
    await send(images({ 'a.dcm': radiograph('routed', 1), 'b.dcm': radiograph('routed', 2) }));
    const [state] = await runs('routed', 1);
    expect(state?.triggers.map(({ kind, by }) => ({ kind, by }))).toEqual([{ kind: 'route', by: 'hip-fracture' }]);
    expect(state?.run.instances).toHaveLength(2);
    const view = await studyView(database, uidOf('routed'));
    expect(view?.state).toBe('complete');
    expect(view?.routes.map(({ route, matched }) => [route, matched])).toEqual([
      ['hip-fracture', true],
      ['brain-tumor', false],
      ['liver-donor', false],
    ]);
  });

  it('makes no run of a study that no route takes, and says why', async () => {
    await send(images({ 'a.dcm': radiograph('chest', 1, { StudyDescription: 'CHEST' }) }));
    const view = await studyView(database, uidOf('chest'));
    expect(view?.routes.find(({ route }) => route === 'hip-fracture')).toEqual({
      route: 'hip-fracture',
      matched: false,
      reason: 'StudyDescription is `CHEST`, wanted `PELVIS`.',
    });
    expect(await gateway.sql`select 1 from archive.dispatch where study_instance_uid = ${uidOf('chest')}`).toEqual([]);
  });

  it('always makes a run of a study sent to the AE title of a pipeline', async () => {
    const ct = '1.2.840.10008.5.1.4.1.1.2';
    await send(images({ 'a.dcm': radiograph('demand', 1, { SOPClassUID: ct, StudyDescription: 'HEAD' }) }), HIP);
    const [state] = await runs('demand', 1);
    expect(state?.run).toMatchObject({ instances: [], notAdmitted: [{ SOPClassUID: ct, instances: 1 }] });
    expect(state?.triggers).toMatchObject([{ kind: 'called-ae-title', by: HIP }]);
  });

  it('amends the run when an image comes late', async () => {
    const [first = '', late = ''] = images({ 'a.dcm': radiograph('late', 1), 'b.dcm': radiograph('late', 2) });
    await send([first]);
    const [before] = await runs('late', 1);
    await send([late]);
    const after = (await runs('late', 2)).find(({ id }) => id !== before?.id);
    expect(after?.run.amends).toBe(before?.id);
    expect(after?.run.instances).toHaveLength(2);
  });

  it('makes the same run of the same study again, with another trigger', async () => {
    const files = images({ 'a.dcm': radiograph('same', 1) });
    await send(files);
    await runs('same', 1);
    await send(files, HIP);
    const isTriggered = ({ triggers }: { triggers: readonly { kind: string }[] }) =>
      triggers.some(({ kind }) => kind === 'called-ae-title');
    await until('the other trigger', async () => (await runStates('same')).some(isTriggered));
    expect(await runStates('same')).toHaveLength(1);
  });

  it('starts nothing with a result of its own that comes back', async () => {
    await send(images({ 'a.dcm': radiograph('own', 1, { ManufacturerModelName: 'Overread' }) }), HIP);
    const [row] = await instancesOf('own');
    expect(row?.own).toBe(true);
    expect(await gateway.sql`select 1 from archive.dispatch where study_instance_uid = ${uidOf('own')}`).toEqual([]);
  });

  it('keeps a run in the outbox until the connector holds it', async () => {
    await send(images({ 'a.dcm': radiograph('outbox', 1) }));
    const [state] = await runs('outbox', 1);
    const waiting = () => gateway.sql`select 1 from archive.outbox where run = ${state?.id ?? ''}`;
    expect(await waiting()).toHaveLength(1);
    await gateway.sql`insert into connector.run (id) values (${state?.id ?? ''})`;
    await until('the outbox to let go', async () => (await waiting()).length === 0);
  });
});

describe('reindex', () => {
  withGateway();

  it('rebuilds the index from the store and starts nothing', async () => {
    const files = images({
      'a.dcm': radiograph('kept', 1),
      'b.dcm': radiograph('kept', 2),
      'c.dcm': radiograph('kept', 1, { SeriesDescription: 'other' }),
    });
    await send(files);
    const [first] = await runs('kept', 1);
    const held = () => gateway.sql`
      select sop_instance_uid, data_set_sha256, object_sha256, object_key from archive.instance order by 1`;
    const waiting = () => gateway.sql`select sha256, reason from archive.quarantine order by 1`;
    const before = { instances: [...(await held())], quarantine: [...(await waiting())] };
    await gateway.sql`truncate archive.instance, archive.series, archive.study, archive.patient, archive.quarantine, archive.dispatch`;
    const invalid = `${'e'.repeat(64)}/run.json`;
    await gateway.store.put('runs', invalid, Buffer.from('{}'));
    expect(await reindexArchive(gateway.store, database)).toBe(3);
    await gateway.store.remove('runs', invalid);
    expect({ instances: [...(await held())], quarantine: [...(await waiting())] }).toEqual(before);
    const [way] = await gateway.sql`select last_run, due_at from archive.dispatch`;
    expect(way).toEqual({ last_run: first?.id, due_at: null });
    await send(images({ 'd.dcm': radiograph('kept', 3) }));
    const amended = (await runs('kept', 2)).find(({ id }) => id !== first?.id);
    expect(amended?.run.amends).toBe(first?.id);
  });
});
