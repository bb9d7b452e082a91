import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decideApproval } from '../../lib/archive/approvals.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrame } from '../../lib/dicom/pixels.ts';
import { TrendReportView } from '../../schemas/trend.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { exportOutbox } from '../feedback/export.ts';
import { type Followed, makeFollowed } from '../testing/followed.ts';
import { makeWorld, type World } from '../testing/world.ts';

const PIPELINE = 'liver-transplant-segmentation';
const JSON_BODY = { 'content-type': 'application/json' };

let server: TestPostgres;
let world: World;
let followed: Followed;
let last: string;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  world = await makeWorld(await server.fresh());
  world.receivers.push({ name: 'research', kind: 'research' }, { name: 'pacs', kind: 'clinical' });
  followed = await makeFollowed(world);
  last = followed.runs.at(-1) ?? '';
});
afterEach(() => world.close());
afterAll(() => server.stop());

function post(path: string, body: object) {
  return world.api(path, { method: 'POST', body: JSON.stringify(body), headers: JSON_BODY });
}

async function confirmBaseline(study = followed.studies[0] ?? ''): Promise<void> {
  const entry = { id: randomUUID(), kind: 'baseline', studyInstanceUid: study, reason: 'first after the operation' };
  expect((await post(`/api/v1/runs/${last}/trend`, entry)).status).toBe(201);
}

async function report(): Promise<TrendReportView> {
  const answer = await world.api(`/api/v1/runs/${last}/trend/report`);
  expect(answer.status, await answer.clone().text()).toBe(200);
  return TrendReportView.parse(await answer.json());
}

const send = ({ state, object }: TrendReportView, receivers: readonly string[]) =>
  post(`/api/v1/runs/${last}/trend/report`, { state, object, receivers });

const objectOf = ({ state, sopInstanceUid }: TrendReportView) =>
  world.store.get('results', `${PIPELINE}/trends/${state}/${sopInstanceUid}.dcm`);

describe('the report of a trend', () => {
  it('needs a baseline that somebody has confirmed', async () => {
    const answer = await world.api(`/api/v1/runs/${last}/trend/report`);
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('Confirm it first');
  });

  it('is a Secondary Capture in the newest exam, of its patient, that says what it is', async () => {
    await confirmBaseline();
    const made = await report();
    expect((await send(made, ['research'])).status).toBe(202);
    const { dataset } = readPart10(await objectOf(made));
    expect(dataset.text('StudyInstanceUID')).toBe(followed.studies[2]);
    expect(dataset.text('PatientID')).toBe(world.archive.patients.get(followed.studies[2] ?? '')?.patientId);
    expect(dataset.text('SeriesDescription')).toMatch(/^INVESTIGATIONAL /);
    expect(dataset.text('BurnedInAnnotation')).toBe('YES');
    expect(dataset.text('DerivationDescription')).toContain(made.state);
  });

  it('sends the pixels that were looked at, and no others', async () => {
    await confirmBaseline();
    const made = await report();
    await send(made, ['research']);
    const image = await world.api(`/runs/${last}/trend/report.png?object=${made.object}`);
    expect(image.headers.get('content-type')).toBe('image/png');
    const shown = await sharp(Buffer.from(await image.arrayBuffer()))
      .removeAlpha()
      .raw()
      .toBuffer();
    const { pixels } = await decodeFrame(await objectOf(made));
    expect(shown.equals(Buffer.from(Uint8Array.from(pixels)))).toBe(true);
    expect((await world.api(`/runs/${last}/trend/report.png?object=${'0'.repeat(64)}`)).status).toBe(404);
  });

  it('is queued once for each receiver, however often it is sent, and what was sent is kept', async () => {
    await confirmBaseline();
    const made = await report();
    await send(made, ['research']);
    await send(made, ['research']);
    expect(await report(), 'the same object, on its way').toEqual({
      ...made,
      receivers: [
        expect.objectContaining({ name: 'research', delivery: expect.objectContaining({ state: 'waiting' }) }),
        expect.objectContaining({ name: 'pacs', delivery: null }),
      ],
    });
    const said = await world.database
      .sql`select actor, subject, detail from web.audit where action = 'trend-report-sent'`;
    expect(said).toEqual([{ actor: 'api-token', subject: last, detail: expect.stringContaining('to research') }]);
    await exportOutbox(world.store, world.database);
    const kept: string[] = [];
    for await (const { key } of world.store.list('feedback', `${PIPELINE}/trend-reports/`)) kept.push(key);
    expect(kept).toHaveLength(1);
  });

  it('sends nothing when the trend has changed since it was looked at', async () => {
    await confirmBaseline();
    const made = await report();
    await confirmBaseline(followed.studies[1]);
    const answer = await send(made, ['research']);
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('Nothing was sent');
    expect((await report()).receivers.map(({ delivery }) => delivery)).toEqual([null, null]);
  });

  it('goes to a clinical receiver only where every version that made it is approved; all receivers or none', async () => {
    await confirmBaseline();
    const made = await report();
    expect(made.receivers[1]?.refusal).toContain('nobody has approved');
    const refused = await send(made, ['research', 'pacs']);
    expect(refused.status).toBe(422);
    expect((await report()).receivers.map(({ delivery }) => delivery)).toEqual([null, null]);
    const decision = { pipeline: PIPELINE, pipelineVersion: '1.0.0', author: 'lea', reason: 'Board' } as const;
    const decide = (what: 'approved' | 'withdrawn') =>
      decideApproval(
        world.database.db,
        { ...decision, id: randomUUID(), decision: what, decidedAt: new Date().toISOString() },
        ['pacs'],
      );
    await decide('approved');
    expect((await send(made, ['research', 'pacs'])).status).toBe(202);
    await decide('withdrawn');
    expect((await report()).receivers[1]?.delivery).toMatchObject({ state: 'refused' });
    await decide('approved');
    expect((await send(made, ['pacs'])).status, 'a person asks again').toBe(202);
    expect((await report()).receivers[1]?.delivery).toMatchObject({ state: 'waiting', reason: null });
    expect((await send(made, ['nobody'])).status).toBe(422);
  });
});

describe('the page of the report', () => {
  it('says what to do first, shows what is sent, and sends it', async () => {
    const reader = await world.signedIn('reader');
    const page = async (path: string) => (await reader.get(path)).text();
    const start = await reader.get(`/runs/${last}/trend/report`);
    const address = start.headers.get('location') ?? '';
    expect(start.status).toBe(303);
    expect(await page(address)).toContain('Confirm it first');
    await confirmBaseline();
    expect(await page(address), 'of a state that is gone').toContain('Look at the report as it is now');
    const now = (await reader.get(`/runs/${last}/trend/report`)).headers.get('location') ?? '';
    const text = await page(now);
    expect(text).toContain('report.png?object=');
    expect(text, 'why not').toContain('nobody has approved');
    const fields = {
      'form-token': await reader.field(now, 'form-token'),
      state: await reader.field(now, 'state'),
      object: await reader.field(now, 'object'),
      receivers: 'research',
    };
    expect((await reader.post(`/runs/${last}/trend/report`, { ...fields, 'form-token': 'forged' })).status).toBe(403);
    expect((await reader.post(`/runs/${last}/trend/report`, fields)).status).toBe(303);
    expect(await page(now)).toContain('Waiting for its turn');
  });
});
