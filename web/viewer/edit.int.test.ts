import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { cardKey, runKey, weightsKey } from '../../lib/runs/keys.ts';
import type { ModelCard } from '../../schemas/model.ts';
import { Run } from '../../schemas/run.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeViewedExam, takeIn, type ViewedExam } from '../../tests/viewed-exam.ts';
import { projectRun } from '../projection/project.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';

const ORIGIN = 'http://127.0.0.1:8000';
const STRUCTURE = { name: 'left-lobe', title: 'Ball', volumeMl: 380, voxels: 12_000, complete: true };

let postgres: TestPostgres;
let world: World;
let exam: ViewedExam;
let edited: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  exam = makeViewedExam('edit');
  await takeIn(world, exam.images);
  await holdModel();
  const made = await world.run({
    study: exam.StudyInstanceUID,
    segmentation: { structures: [STRUCTURE], seriesInstanceUid: exam.SeriesInstanceUID },
  });
  edited = made.id;
  if (made.result?.kind !== 'segmentation') throw new Error('The run has no segmentation.');
  await world.store.put('results', made.result.objects.seg ?? '', exam.seg, 'application/dicom');
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** The model of the liver pipeline, which knows the structure. */
async function holdModel(): Promise<void> {
  const weights = Buffer.from('weights');
  const code = { value: '10200004', scheme: 'SCT', meaning: 'Liver' };
  const structure = { label: 1, name: 'left-lobe', title: 'Ball', category: code, type: code, colour: '#e11d48' };
  const card: Partial<Extract<ModelCard, { kind: 'segmentation' }>> = {
    kind: 'segmentation',
    name: 'liver-lobes',
    version: '1.0.0',
    file: 'model.onnx',
    sha256: sha256(weights),
    structures: [structure],
  };
  await world.store.put('models', cardKey('liver-lobes', '1.0.0'), Buffer.from(JSON.stringify(await wholeCard(card))));
  await world.store.put('models', weightsKey('liver-lobes', '1.0.0', 'model.onnx'), weights);
}

/** The card of the liver model of this clone with other structures. */
async function wholeCard(changed: object): Promise<object> {
  const { default: card } = await import('../../models/liver-lobes/model.json', { with: { type: 'json' } });
  return { ...card, ...changed };
}

/** A request as the viewer makes it. */
function store(
  browser: Browser | undefined,
  files: readonly Uint8Array[],
  { path = '/dicomweb/studies', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const parts = files.flatMap((file) => [Buffer.from('\r\n--x\r\nContent-Type: application/dicom\r\n\r\n'), file]);
  const body = Buffer.concat([...parts, Buffer.from('\r\n--x--\r\n')]);
  const cookie = [...(browser?.cookies ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  return Promise.resolve(
    world.app.request(
      `${ORIGIN}${path}`,
      {
        method: 'POST',
        body,
        headers: {
          host: '127.0.0.1:8000',
          origin: ORIGIN,
          'content-type': 'multipart/related; type="application/dicom"; boundary="x"',
          ...(cookie === '' ? {} : { cookie }),
          ...headers,
        },
      },
      { incoming: { socket: { remoteAddress: '127.0.0.1' } } },
    ),
  );
}

/** The SEG with a text exchanged for one of the same length. */
function changed(from: string, to: string): Buffer {
  const text = exam.seg.toString('latin1');
  if (!text.includes(from) || from.length !== to.length) throw new Error('There is nothing to exchange.');
  return Buffer.from(text.replaceAll(from, to), 'latin1');
}

const frame = () => readPart10(exam.seg).dataset.text('FrameOfReferenceUID') ?? '';
const other = (uid: string) => uid.slice(0, -1) + (uid.endsWith('1') ? '2' : '1');

describe('storing what a reader has drawn', () => {
  it('keeps it, plans the run that measures it, and names the result that was changed and the reader', async () => {
    const reader = await world.signedIn('drawer');
    const headers = { 'overread-run': edited, 'overread-active-seconds': '90' };
    const answer = await store(reader, [exam.seg], { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/dicom+json');
    expect(await answer.json()).toMatchObject({
      '00081190': { Value: [`/dicomweb/studies/${exam.StudyInstanceUID}`] },
      '00081199': { Value: [{ '00081150': { Value: ['1.2.840.10008.5.1.4.1.1.66.4'] } }] },
    });
    const id = answer.headers.get('overread-run') ?? '';
    const run = Run.parse(JSON.parse((await world.store.get('runs', runKey(id))).toString()));
    expect(run.study.StudyInstanceUID).toBe(exam.StudyInstanceUID);
    expect(run.instances).toHaveLength(exam.images.length);
    expect(run.imported?.sha256).toBe(sha256(exam.seg));
    expect(run.edited?.key).toContain(edited);
    expect(run.steps.map(({ name }) => name)).toEqual([
      'dicom-parser',
      'series-selector',
      'dicom-reader',
      'segmentation-reader',
      'original-reader',
      'compare-segmentation',
      'volume-calculator',
      'seg-writer',
      'publish-results',
    ]);
    expect(run.steps.at(-1)?.parameters.imported).toEqual({
      pipeline: 'liver-transplant-segmentation',
      source: 'edited',
      tool: 'OHIF',
      minutes: 1.5,
      author: 'drawer',
      edits: edited,
      from: 'liver-lobes 1.0.0',
    });
    const [written] = await world.database
      .sql`select actor, subject from web.audit where action = 'segmentation-edited'`;
    expect(written).toEqual({ actor: 'drawer', subject: id });
    const [original] = await world.database.sql`select view->'result' as result from web.run where id = ${edited}`;
    expect(original?.result, 'the original stays').toMatchObject({ structures: [STRUCTURE] });
  });

  it('is told on the page of the result while it is measured', async () => {
    const reader = await world.signedIn('watcher');
    const answer = await store(reader, [exam.seg], { headers: { 'overread-run': edited } });
    await projectRun(world.store, world.database, answer.headers.get('overread-run') ?? '');
    const page = await (await reader.get(`/runs/${edited}`)).text();
    const text = page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/Edited by readers .*By watcher .* is being measured …/);
    expect(await (await reader.get('/')).text()).toContain('edited by watcher');
    const launched = await reader.get(`/launch?study=${exam.StudyInstanceUID}`);
    const opened = await reader.get(launched.headers.get('location') ?? '');
    expect(opened.headers.get('location'), 'the result, on whose page the edits are').toBe(`/runs/${edited}`);
  });

  it('keeps contours too', async () => {
    const reader = await world.signedIn('contours');
    const answer = await store(reader, [exam.rtstruct], { headers: { 'overread-run': edited } });
    expect([answer.status, answer.headers.get('warning')]).toEqual([200, null]);
  });

  it('knows the result by the object that the file was made from, or else as the newest of the series', async () => {
    const reader = await world.signedIn('another-drawer');
    const answer = await store(reader, [exam.seg], { path: `/dicomweb/studies/${exam.StudyInstanceUID}` });
    const run = await world.store.get('runs', runKey(answer.headers.get('overread-run') ?? ''));
    expect(Run.parse(JSON.parse(run.toString())).edited?.key).toContain(edited);
  });

  it.each<[string, () => Buffer, number, RegExp]>([
    ['another patient', () => changed('PHANTOM-0041', 'PHANTOM-0042'), 0xa900, /patient of the images/],
    ['an exam that is not held', () => changed(exam.StudyInstanceUID, other(exam.StudyInstanceUID)), 0xa900, /none/],
    ['another frame of reference', () => changed(frame(), other(frame())), 0xa900, /in the frame of reference of the/],
    ['another series', () => changed(exam.SeriesInstanceUID, other(exam.SeriesInstanceUID)), 0xa900, /none/],
    ['an image', () => exam.images[0] ?? Buffer.alloc(0), 0x0122, /Only segmentations/],
    ['what is no DICOM', () => Buffer.from('no DICOM at all'), 0xc000, /./],
    ['half a file', () => exam.seg.subarray(0, exam.seg.length - 5000), 0xc000, /truncated|pixel/i],
  ])('refuses %s: 409 with the reason, and keeps nothing', async (name, file, reason, message) => {
    const reader = await world.signedIn(name.replaceAll(/[^a-z]/g, '-'));
    const before = await world.database.sql`select count(*) from web.audit where action = 'segmentation-edited'`;
    const answer = await store(reader, [file()]);
    expect(answer.status).toBe(409);
    expect(answer.headers.get('warning')).toMatch(/^299 overread "/);
    expect(answer.headers.get('warning')).toMatch(message);
    expect(await answer.json()).toMatchObject({
      '00081198': { Value: [{ '00081197': { vr: 'US', Value: [reason] } }] },
    });
    expect(await world.database.sql`select count(*) from web.audit where action = 'segmentation-edited'`).toEqual(
      before,
    );
  });

  it('stores what can be stored of several: 202', async () => {
    const reader = await world.signedIn('several');
    const answer = await store(reader, [exam.seg, Buffer.from('nothing')]);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ '00081199': { vr: 'SQ' }, '00081198': { vr: 'SQ' } });
  });

  it('refuses an address of another study, other content, and a message that ends early', async () => {
    const reader = await world.signedIn('wrong');
    expect((await store(reader, [exam.seg], { path: '/dicomweb/studies/1.2.3' })).status).toBe(409);
    expect((await store(reader, [exam.seg], { headers: { 'content-type': 'application/dicom' } })).status).toBe(415);
    const wrong = 'multipart/related; type="application/dicom"; boundary=y';
    expect((await store(reader, [exam.seg], { headers: { 'content-type': wrong } })).status).toBe(400);
  });

  it('is for people who are signed in and may read, and from our own pages alone', async () => {
    expect((await store(undefined, [exam.seg])).status).toBe(401);
    const reader = await world.signedIn('foreign');
    expect((await store(reader, [exam.seg], { headers: { origin: 'https://elsewhere.example' } })).status).toBe(403);
    const lead = await world.signedIn('no-reader', 'quality-reviewer');
    expect((await store(lead, [exam.seg])).status).toBe(403);
  });
});
