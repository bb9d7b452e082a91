import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { encapsulatedFile } from '../../lib/dicom/encapsulated.fixture.ts';
import { fileMetaBytes } from '../../lib/dicom/part10.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeViewedExam, takeIn, type ViewedExam } from '../../tests/viewed-exam.ts';
import { createApp } from '../app.ts';
import { findRun } from '../runs/runs.ts';
import { LIVER_EVALUATION, LIVER_PIPELINE } from '../testing/pipelines.ts';
import { freshUid } from '../testing/results.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { addTrendEntry } from '../trend/entries.ts';

let postgres: TestPostgres;
let world: World;
let exam: ViewedExam;
let at: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  exam = makeViewedExam('dicomweb');
  at = `/dicomweb/studies/${exam.StudyInstanceUID}`;
  await takeIn(world, exam.images);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** A run whose SEG and RTSTRUCT are the exam's own. */
async function publish(amends?: string, seg: Buffer = exam.seg): Promise<string> {
  const study = exam.StudyInstanceUID;
  const { id, result } = await world.run({ study, segmentation: {}, ...(amends === undefined ? {} : { amends }) });
  if (result?.kind !== 'segmentation') throw new Error('The run has no segmentation.');
  const { seg: segKey = '', rtstruct = '' } = result.objects;
  await world.store.put('results', segKey, seg, 'application/dicom');
  await world.store.put('results', rtstruct, exam.rtstruct, 'application/dicom');
  return id;
}

/** Parts of a `multipart/related` answer: headers as text, and the body. */
async function partsOf(answer: Response): Promise<{ head: string; body: Buffer }[]> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const boundary = /boundary=([^;]+)/.exec(answer.headers.get('content-type') ?? '')?.[1];
  const parts: { head: string; body: Buffer }[] = [];
  let position = bytes.indexOf(`--${boundary}\r\n`);
  while (position >= 0) {
    const begin = bytes.indexOf('\r\n\r\n', position) + 4;
    const end = bytes.indexOf(`\r\n--${boundary}`, begin);
    parts.push({ head: bytes.toString('latin1', position, begin), body: bytes.subarray(begin, end) });
    position = bytes.indexOf(`--${boundary}\r\n`, end);
  }
  return parts;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** As OHIF's client asks. */
const FRAMES = { accept: 'multipart/related; type=application/octet-stream; transfer-syntax=*' };

describe('who may look', () => {
  it('nobody who is not signed in: 401 problem+json', async () => {
    for (const path of [at, `${at}/metadata`, `/dicomweb/studies?StudyInstanceUID=${exam.StudyInstanceUID}`]) {
      const answer = await world.app.request(path);
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
    }
  });

  it('a reader, of whom one look is written down however many requests it makes', async () => {
    const reader = await world.signedIn('viewer');
    for (const path of [`${at}/series`, `${at}/metadata`, `${at}/metadata`]) {
      expect((await reader.get(path)).status, path).toBe(200);
    }
    const looks = () => world.database.sql`select actor, subject from web.audit where action = 'images-viewed'`;
    expect([...(await looks())]).toEqual([{ actor: 'viewer', subject: exam.StudyInstanceUID }]);
    world.later(11 * 60_000);
    await reader.get(`${at}/series`);
    expect(await looks()).toHaveLength(2);
  });

  it('and nobody may change images: 405 with the reason, before anything is read', async () => {
    const body = Buffer.alloc(2 << 20);
    for (const path of [`${at}/series`, `${at}/metadata`]) {
      const answer = await world.api(path, { method: 'POST', body });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
      expect(await answer.json()).toMatchObject({ title: 'For reading only' });
    }
  });
});

describe('searching', () => {
  it('finds a study by its UID, with what is counted, and without PatientID', async () => {
    const answer = await world.api(
      `/dicomweb/studies?StudyInstanceUID=${exam.StudyInstanceUID}&limit=101&offset=0&fuzzymatching=false&includefield=00081030,00080060`,
    );
    expect(answer.headers.get('content-type')).toBe('application/dicom+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [study, ...others] = await answer.json();
    expect(others).toEqual([]);
    expect(study).toMatchObject({
      '0020000D': { vr: 'UI', Value: [exam.StudyInstanceUID] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Phantom^Viewed' }] },
      '00080061': { vr: 'CS', Value: ['CT'] },
      '00201206': { vr: 'IS', Value: [1] },
      '00201208': { vr: 'IS', Value: [24] },
    });
    expect(study).not.toHaveProperty('00100020');
  });

  it('finds nothing of a study that is not held', async () => {
    expect(await (await world.api('/dicomweb/studies?StudyInstanceUID=1.2.3')).json()).toEqual([]);
  });

  it.each(['?PatientID=PHANTOM-1', '?00100020=PHANTOM-1', '?StudyInstanceUID=1.2.3&PatientName=P*', ''])(
    'refuses what is not a UID: studies%s',
    async (query) => {
      const answer = await world.api(`/dicomweb/studies${query}`);
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain('PHANTOM-1');
    },
  );

  it('lists series and instances, by modality and in pages', async () => {
    const [series] = await (await world.api(`${at}/series?Modality=CT`)).json();
    expect(series).toMatchObject({
      '0020000E': { Value: [exam.SeriesInstanceUID] },
      '00201209': { Value: [24] },
      '00081190': { Value: [`${at}/series/${exam.SeriesInstanceUID}`] },
    });
    expect(await (await world.api(`${at}/series?Modality=MR`)).json()).toEqual([]);
    const page = await (
      await world.api(`${at}/series/${exam.SeriesInstanceUID}/instances?limit=2&offset=3&includefield=SliceThickness`)
    ).json();
    expect(page.map((instance: Record<string, unknown>) => instance['00200013'])).toEqual([
      { vr: 'IS', Value: [4] },
      { vr: 'IS', Value: [5] },
    ]);
    expect(page[0]).toHaveProperty('00180050');
    expect(page[0]['00083002']).toEqual({ vr: 'UI', Value: ['1.2.840.10008.1.2.1'] });
  });
});

describe('retrieving', () => {
  it('gives the metadata of a series, pixels by address, and says when nothing has changed', async () => {
    const path = `${at}/series/${exam.SeriesInstanceUID}/metadata`;
    const answer = await world.api(path, { headers: { accept: 'application/dicom+json' } });
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    const instances = await answer.json();
    expect(instances).toHaveLength(24);
    const uid = instances[0]['00080018'].Value[0];
    const address = `${at}/series/${exam.SeriesInstanceUID}/instances/${uid}/bulkdata/7FE00010`;
    expect(instances[0]['7FE00010']).toEqual({ vr: 'OW', BulkDataURI: address });
    expect(instances[0]['00200032'].Value).toHaveLength(3);
    const [pixels] = await partsOf(await world.api(address));
    expect(pixels?.body).toHaveLength(128 * 128 * 2);

    const etag = answer.headers.get('etag') ?? '';
    const again = await world.api(path, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('gives frames as they are stored, and files byte by byte', async () => {
    const [file = Buffer.alloc(0)] = exam.images;
    const { dataset } = readPart10(file);
    const instance = `${at}/series/${exam.SeriesInstanceUID}/instances/${dataset.text('SOPInstanceUID')}`;
    const answer = await world.api(`${instance}/frames/1`, { headers: FRAMES });
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    const [frame] = await partsOf(answer);
    expect(frame?.head).toContain('Content-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1');
    expect(frame?.body).toEqual(Buffer.from(dataset.bytes('PixelData') ?? []));

    const whole = await world.api(instance, { headers: { accept: 'multipart/related; type="application/dicom"' } });
    expect(whole.headers.get('content-type')).toMatch(/^multipart\/related; type="application\/dicom"; boundary=/);
    expect((await partsOf(whole)).map(({ body }) => sha256(body))).toEqual([sha256(file)]);
    const all = await partsOf(await world.api(`${at}/series/${exam.SeriesInstanceUID}`));
    expect(all.map(({ body }) => sha256(body))).toEqual(exam.images.map(sha256));
  });

  it('gives each frame of a compressed image in its own encoding', async () => {
    const [StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID] = [freshUid(), freshUid(), freshUid()];
    const elements = {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.2',
      ...{ SOPInstanceUID, StudyInstanceUID, SeriesInstanceUID, PatientID: 'A', NumberOfFrames: 2 },
      ...{ Rows: 1, Columns: 2, SamplesPerPixel: 1, BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
      ...{ PixelRepresentation: 0, PhotometricInterpretation: 'MONOCHROME2' },
    };
    const fragments = [Buffer.from([1, 2, 3, 4]), Buffer.from([5, 6])];
    const TransferSyntaxUID = '1.2.840.10008.1.2.4.80';
    const file = encapsulatedFile(elements, TransferSyntaxUID, fragments, [0, 12]);
    const head = fileMetaBytes({
      MediaStorageSOPClassUID: elements.SOPClassUID,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    });
    await takeIn(world, [Buffer.concat([head, file.subarray(readPart10(file).dataSetOffset)])]);
    const instance = `/dicomweb/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`;
    const answer = await world.api(`${instance}/frames/2,1`, { headers: FRAMES });
    expect(answer.headers.get('content-type')).toContain('type="image/jls"');
    const parts = await partsOf(answer);
    expect(parts.map(({ body }) => [...body])).toEqual([
      [5, 6],
      [1, 2, 3, 4],
    ]);
    expect(parts[0]?.head).toContain('Content-Type: image/jls; transfer-syntax=1.2.840.10008.1.2.4.80');
    expect((await partsOf(await world.api(`${instance}/bulkdata/7FE00010`))).map(({ body }) => body.length)).toEqual([
      4, 2,
    ]);
    expect((await world.api(`${instance}/frames/3`)).status, 'there is no third frame').toBe(404);
  });

  it('says of pixels that are not there that they cannot be read', async () => {
    const [StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID] = [freshUid(), freshUid(), freshUid()];
    const report = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33', SOPInstanceUID, Modality: 'SR', PatientID: 'A' };
    await takeIn(world, [writePart10({ ...report, StudyInstanceUID, SeriesInstanceUID })]);
    const instance = `/dicomweb/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`;
    const answer = await world.api(`${instance}/frames/1`);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await (await world.api(`${instance}/metadata`)).json()).toHaveLength(1);
  });

  it.each([
    ['/dicomweb/studies/1.2.3/metadata', 404],
    ['/dicomweb/studies/..%2f..%2fsecrets/metadata', 404],
    ['/dicomweb/studies/%2e%2e/series/1.2/metadata', 404],
    ['/dicomweb/studies/1.2.3/series/1.02/instances/1.2/frames/1', 404],
    ['AT/series/1.2.3/metadata', 404],
    ['AT/instances/1.2.3', 404],
    ['INSTANCE/frames/0', 400],
    ['INSTANCE/frames/1,', 400],
    ['INSTANCE/frames/1e1', 400],
    ['INSTANCE/frames/2', 404],
    ['INSTANCE/bulkdata/00100010', 404],
    ['INSTANCE/bulkdata/..%2f7FE00010', 404],
  ])('answers %s with %i problem+json', async (path, status) => {
    const uid = readPart10(exam.images[0] ?? Buffer.alloc(0)).dataset.text('SOPInstanceUID');
    const instance = `${at}/series/${exam.SeriesInstanceUID}/instances/${uid}`;
    const answer = await world.api(path.replace('AT', at).replace('INSTANCE', instance));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('refuses a form in which nothing can be had', async () => {
    const answer = await world.api(`${at}/metadata`, { headers: { accept: 'application/dicom+xml' } });
    expect(answer.status).toBe(406);
  });
});

describe('results', () => {
  /** Modality and SeriesInstanceUID of each series. */
  async function series(): Promise<[string, string][]> {
    const found = await (await world.api(`${at}/series`)).json();
    return found.map((one: Record<string, { Value: string[] }>) => [
      one['00080060']?.Value[0],
      one['0020000E']?.Value[0],
    ]);
  }
  const segSeries = (file: Buffer) => readPart10(file).dataset.text('SeriesInstanceUID');

  it('are further series of the study: what can be read of the newest run that no other amends', async () => {
    const first = await publish();
    expect(await series()).toEqual([
      ['CT', exam.SeriesInstanceUID],
      ['SEG', segSeries(exam.seg)],
      ['RTSTRUCT', segSeries(exam.rtstruct)],
    ]);
    const seg = `${at}/series/${segSeries(exam.seg)}`;
    const [metadata] = await (await world.api(`${seg}/metadata`)).json();
    expect(metadata['0008103E'].Value[0]).toMatch(/^INVESTIGATIONAL /);
    const uid = metadata['00080018'].Value[0];
    const [part] = await partsOf(await world.api(`${seg}/instances/${uid}`));
    expect(sha256(part?.body ?? Buffer.alloc(0))).toBe(sha256(exam.seg));

    const other = makeViewedExam('dicomweb');
    const newer = writeUnder(other.seg, freshUid());
    await publish(first, newer);
    expect((await series()).filter(([modality]) => modality === 'SEG')).toEqual([['SEG', segSeries(newer)]]);
    expect((await world.api(`${seg}/metadata`)).status, 'the amended one is gone').toBe(404);
  });

  it('that came back from a PACS are no images of the study', async () => {
    const before = await series();
    await takeIn(world, [exam.seg]);
    expect(await series()).toEqual(before);
  });

  it('of another study are not shown, whatever their run says', async () => {
    const other = makeViewedExam('another');
    await takeIn(world, other.images.slice(0, 1));
    const { result } = await world.run({ study: other.StudyInstanceUID, segmentation: {} });
    if (result?.kind !== 'segmentation') throw new Error('The run has no segmentation.');
    await world.store.put('results', result.objects.seg ?? '', exam.seg, 'application/dicom');
    expect(await (await world.api(`/dicomweb/studies/${other.StudyInstanceUID}/series`)).json()).toHaveLength(1);
  });

  it('and `/runs/<id>/viewer` leads to the study with the run’s segmentation in front', async () => {
    const id = await publish();
    expect((await findRun(world.database, id))?.result?.kind).toBe('segmentation');
    const answer = await world.api(`/runs/${id}/viewer`, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    const query = `StudyInstanceUIDs=${exam.StudyInstanceUID}&run=${id}`;
    const first = `initialSeriesInstanceUID=${segSeries(exam.seg)}`;
    expect(answer.headers.get('location')).toBe(`/viewer/viewer?${query}&${first}`);
    const edit = await world.api(`/runs/${id}/viewer?edit`, { redirect: 'manual' });
    expect(edit.headers.get('location')).toBe(`/viewer/segmentation?${query}&hangingprotocolid=default&${first}`);
  });

  it('are kept from a reader who is still to read the images without them', async () => {
    const id = await publish();
    const reader = await world.signedIn('unaided');
    const evaluation = Evaluation.parse({ ...LIVER_EVALUATION, reading: { mode: 'unaided-first' } });
    const app = createApp({ ...world.parts, evaluations: new Map([[LIVER_PIPELINE.name, evaluation]]) });
    const cookie = [...reader.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const get = (path: string) => app.request(path, { headers: { cookie, host: '127.0.0.1:8000' } });
    const seg = `${at}/series/${segSeries(exam.seg)}`;
    expect(await (await get(`${at}/series`)).json()).toHaveLength(1);
    expect((await get(`${seg}/metadata`)).status).toBe(404);
    expect((await get(`/runs/${id}/viewer?edit`)).headers.get('location')).not.toContain('initialSeriesInstanceUID');
    expect((await reader.get(`${seg}/metadata`)).status, 'in another evaluation').toBe(200);
  });

  it('are gone where somebody withdraws the exam, and back where it is taken in again', async () => {
    const before = await series();
    const say = async (kind: 'withdrawn' | 'restored') => {
      world.later(1000);
      const createdAt = world.parts.now().toISOString();
      const entry = { id: randomUUID(), pipeline: LIVER_PIPELINE.name, author: 'reader', reason: 'wrong patient' };
      await addTrendEntry(world.database, 'liver', {
        ...entry,
        createdAt,
        kind,
        studyInstanceUid: exam.StudyInstanceUID,
      });
    };
    await say('withdrawn');
    expect(await series()).toEqual([['CT', exam.SeriesInstanceUID]]);
    await say('restored');
    expect(await series()).toEqual(before);
  });

  /** The same object as another series. */
  function writeUnder(file: Buffer, SeriesInstanceUID: string): Buffer {
    const old = segSeries(file) ?? '';
    const bytes = Buffer.from(file);
    const offset = bytes.indexOf(old, 0, 'latin1');
    bytes.write(SeriesInstanceUID.padEnd(old.length, '\0').slice(0, old.length), offset, 'latin1');
    return bytes;
  }
});

describe('the viewer where it is not installed', () => {
  it('says how to install it, with the policy of the pages', async () => {
    const answer = await (await world.signedIn('without-viewer')).get('/viewer/viewer?StudyInstanceUIDs=1.2.3');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('overread viewer install');
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
  });

  it('asks for signing in first, and goes on to the same study', async () => {
    const answer = await world.browser().get('/viewer/viewer?StudyInstanceUIDs=1.2.3');
    expect(answer.headers.get('location')).toBe(
      `/sign-in?next=${encodeURIComponent('/viewer/viewer?StudyInstanceUIDs=1.2.3')}`,
    );
  });
});
