import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { decideApproval } from '../../lib/archive/approvals.ts';
import { deliveriesOfRun, hearDeliveries, queueDeliveries, queueObject } from '../../lib/archive/deliveries.ts';
import { connect, type Database } from '../../lib/database/connection.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { ApprovalDecision } from '../../schemas/approval.ts';
import { delivery } from '../../schemas/database/archive.ts';
import { DeliveryRequest } from '../../schemas/delivery.ts';
import { Receiver } from '../../schemas/site.ts';
import { makeCertificate } from '../../tests/peers/certificate.ts';
import { DCMTK_ENVIRONMENT } from '../../tests/peers/debian.ts';
import { freePort } from '../../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { deliverDue } from './deliver.ts';

const hasDcmtk = spawnSync('storescp', ['--version']).status === 0;
const PIPELINE = 'brain-tumor-segmentation';
const RUN = 'a'.repeat(64);
const UIDS = ['1.2.3.1', '1.2.3.2'];

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let stop: () => void = () => {};

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-delivery-'));
  database = connect(await server.fresh(), { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
});
afterEach(async () => {
  stop();
  stop = () => {};
  await database.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server.stop());

async function request(receivers: string[] | null): Promise<DeliveryRequest> {
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.7';
  const objects = [];
  for (const SOPInstanceUID of UIDS) {
    const bytes = writePart10({ SOPClassUID, SOPInstanceUID, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3' });
    const object = await store.put('results', `${PIPELINE}/${RUN}/${SOPInstanceUID}.dcm`, bytes, 'application/dicom');
    objects.push({ SOPClassUID, SOPInstanceUID, SeriesInstanceUID: '1.2.3', object });
  }
  const requestedAt = '2026-01-01T00:00:00.000Z';
  return DeliveryRequest.parse({
    run: RUN,
    pipeline: PIPELINE,
    studyInstanceUid: '1.2',
    requestedAt,
    receivers,
    objects,
  });
}

const cStore = (name: string, port: number, kind: Receiver['kind'] = 'research') =>
  Receiver.parse({ name, kind, pipelines: [PIPELINE], protocol: 'c-store', host: '127.0.0.1', port, aeTitle: 'PACS' });

const deliver = (receivers: Receiver[], now: Date) =>
  deliverDue(
    {
      store,
      database,
      receivers,
      callingAETitle: 'OVERREAD',
      folder: path.join(folder, 'outgoing'),
      signal: new AbortController().signal,
    },
    now,
  );

const VERSION = '1.2.0';
const site = (receivers: Receiver[], now: Date) => ({ receivers, pipelineVersion: VERSION, now });

const shown = async () =>
  (await deliveriesOfRun(database, RUN)).map(({ receiver, state, objects }) => `${receiver} ${state} ${objects}`);

/** A DICOMweb receiver that answers what the test says, and counts. */
async function stowServer(answer: (n: number) => { status: number; body?: string }) {
  const received: Buffer[] = [];
  const http: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      received.push(Buffer.concat(chunks));
      const { status, body = '{}' } = answer(received.length);
      outgoing.writeHead(status, { 'content-type': 'application/dicom+json' }).end(body);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  stop = () => http.close();
  const url = `http://127.0.0.1:${port}/dicomweb`;
  return { received, receiver: Receiver.parse({ name: 'dicomweb', kind: 'research', protocol: 'stow-rs', url }) };
}

describe('delivery', () => {
  it('asks no receiver twice, whatever is asked again', async () => {
    const { received, receiver } = await stowServer(() => ({ status: 200 }));
    const asked = await request(['dicomweb']);
    const now = new Date();
    expect(await queueDeliveries(database, asked, site([receiver], now))).toBe(2);
    expect(await deliver([receiver], now)).toBeUndefined();
    expect(await queueDeliveries(database, asked, site([receiver], now)), 'asked again').toBe(0);
    await deliver([receiver], new Date(now.getTime() + 3_600_000));
    expect(received).toHaveLength(2);
    expect(await shown()).toEqual(['dicomweb sent 2']);
    const sent = await store.get('results', `${PIPELINE}/${RUN}/${UIDS[0]}.dcm`);
    expect(received[0]?.includes(sent), 'byte for byte').toBe(true);
  });

  it('tries again, later each time, until the receiver takes it; a duplicate counts as taken', async () => {
    const duplicate = '{"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[273]}}]}}';
    const { received, receiver } = await stowServer((n) =>
      n <= 4 ? { status: 503 } : n === 5 ? { status: 409, body: duplicate } : { status: 200 },
    );
    const now = new Date();
    await queueDeliveries(database, await request(['dicomweb']), site([receiver], now));
    const second = await deliver([receiver], now);
    expect(received).toHaveLength(2);
    expect((await deliveriesOfRun(database, RUN))[0]).toMatchObject({
      state: 'waiting',
      reason: 'dicomweb answered 503.',
    });
    expect(second?.getTime()).toBeGreaterThan(now.getTime());
    await deliver([receiver], now);
    expect(received, 'not before its time').toHaveLength(2);
    const third = await deliver([receiver], second ?? now);
    const [firstWait, secondWait] = [second, third].map(
      (at, index) => (at?.getTime() ?? 0) - ([now, second][index]?.getTime() ?? 0),
    );
    expect(secondWait).toBeGreaterThan(firstWait ?? 0);
    await deliver([receiver], third ?? now);
    expect(await shown()).toEqual(['dicomweb sent 2']);
  });

  it('refuses clinical receivers, and says why', async () => {
    const now = new Date();
    const receiver = cStore('pacs', 1, 'clinical');
    expect(await queueDeliveries(database, await request(null), site([receiver], now))).toBe(0);
    expect(await deliver([receiver], now)).toBeUndefined();
    const [refused] = await deliveriesOfRun(database, RUN);
    expect(refused).toMatchObject({ receiver: 'pacs', state: 'refused', objects: 2, attempts: 0 });
    expect(refused?.reason).toBe(
      'pacs is a clinical receiver, and nobody has approved this version of the pipeline for clinical use.',
    );
  });

  it('goes to a clinical receiver while this version is approved, and stops at once when that is withdrawn', async () => {
    const { received, receiver: research } = await stowServer(() => ({ status: 200 }));
    const clinical = { ...research, kind: 'clinical' as const };
    const now = new Date();
    const decide = (decision: ApprovalDecision, pipelineVersion: string) =>
      decideApproval(
        database.db,
        {
          id: randomUUID(),
          pipeline: PIPELINE,
          pipelineVersion,
          decision,
          author: 'lea',
          reason: 'Board of today',
          decidedAt: now.toISOString(),
        },
        ['dicomweb'],
      );
    await decide('approved', '9.9.9');
    expect(await queueDeliveries(database, await request(['dicomweb']), site([clinical], now)), 'another version').toBe(
      0,
    );
    await decide('approved', VERSION);
    expect(
      await queueDeliveries(database, await request(['dicomweb']), site([clinical], now)),
      'not in hindsight',
    ).toBe(0);
    await database.db.delete(delivery);
    expect(await queueDeliveries(database, await request(['dicomweb']), site([clinical], now))).toBe(2);
    await decide('withdrawn', VERSION);
    await deliver([clinical], now);
    expect(received).toHaveLength(0);
    const [stopped] = await deliveriesOfRun(database, RUN);
    expect(stopped).toMatchObject({ state: 'refused', objects: 2, reason: expect.stringContaining('Board of today') });
    await database.db.delete(delivery);
    await decide('approved', VERSION);
    await queueDeliveries(database, await request(['dicomweb']), site([clinical], now));
    await deliver([clinical], now);
    expect(received).toHaveLength(2);
  });

  it('sends nothing that waits to a receiver that the site has come to call clinical', async () => {
    const { received, receiver } = await stowServer(() => ({ status: 200 }));
    const now = new Date();
    await queueDeliveries(database, await request(['dicomweb']), site([receiver], now));
    await deliver([{ ...receiver, kind: 'clinical' }], now);
    expect(received).toHaveLength(0);
    expect((await deliveriesOfRun(database, RUN))[0]).toMatchObject({
      state: 'waiting',
      reason: expect.stringContaining('nobody has approved'),
    });
  });

  it('sends what a person queues, once every version that made it is approved, and stops when one is withdrawn', async () => {
    const { received, receiver } = await stowServer(() => ({ status: 200 }));
    const clinical = { ...receiver, kind: 'clinical' as const };
    const now = new Date();
    const decide = (decision: ApprovalDecision, pipelineVersion: string) =>
      decideApproval(
        database.db,
        {
          id: randomUUID(),
          pipeline: PIPELINE,
          pipelineVersion,
          decision,
          author: 'lea',
          reason: 'Board',
          decidedAt: now.toISOString(),
        },
        ['dicomweb'],
      );
    const [first] = (await request(null)).objects;
    if (first === undefined) throw new Error('The request has no object.');
    const sent = {
      SOPInstanceUID: first.SOPInstanceUID,
      object: first.object,
      run: RUN,
      pipeline: PIPELINE,
      shows: { exams: ['1.2'] },
    };
    const queue = (versions: string[]) => queueObject(database.db, { ...sent, versions }, { receiver: clinical, now });
    let heard = 0;
    await hearDeliveries(database, () => {
      heard += 1;
    });
    const atFirst = heard;
    await decide('approved', '2.0.0');
    expect(await queue([]), 'made by no version').toHaveProperty('refusal');
    expect(await queue(['2.0.0', VERSION])).toHaveProperty('refusal', expect.stringContaining('not every version'));
    await decide('approved', VERSION);
    expect(await queue(['2.0.0', VERSION])).toBe(true);
    expect(await queue(['2.0.0', VERSION]), 'on its way already').toBe(false);
    await vi.waitFor(() => expect(heard).toBeGreaterThan(atFirst), { timeout: 10_000 });
    await decide('withdrawn', VERSION);
    await deliver([clinical], now);
    expect(received).toHaveLength(0);
    expect(await shown()).toEqual(['dicomweb refused 1']);
    await decide('approved', VERSION);
    expect(await queue(['2.0.0', VERSION]), 'a person asks again').toBe(true);
    await deliver([clinical], now);
    expect(await shown()).toEqual(['dicomweb sent 1']);
    expect(received).toHaveLength(1);
    expect(await queue(['2.0.0', VERSION]), 'arrived').toBe(false);
  });

  it('goes to those receivers that the site gives the pipeline where the run names none', async () => {
    const now = new Date();
    const other = Receiver.parse({ ...cStore('other', 2), pipelines: ['hip-fracture-detection'] });
    await queueDeliveries(database, await request(null), site([cStore('research', 1), other], now));
    expect(await shown()).toEqual(['research waiting 2']);
  });

  it('waits for a receiver that is down, or that the site no longer names', async () => {
    const now = new Date();
    const receiver = cStore('research', await freePort());
    await queueDeliveries(database, await request(null), site([receiver], now));
    const again = await deliver([receiver], now);
    expect((await deliveriesOfRun(database, RUN))[0]?.reason).toContain('Nobody answers at 127.0.0.1');
    await deliver([], again ?? now);
    expect((await deliveriesOfRun(database, RUN))[0]).toMatchObject({
      state: 'waiting',
      attempts: 2,
      reason: "The site's file names no receiver research any more.",
    });
  });

  it.skipIf(!hasDcmtk)('sends to dcmtk’s storescp byte for byte', async () => {
    const { port, got } = await storescp();
    const receiver = cStore('research', port);
    const now = new Date();
    await queueDeliveries(database, await request(null), site([receiver], now));
    await untilSent([receiver], now);
    expect(await shown()).toEqual(['research sent 2']);
    const files = readdirSync(got).map((name) => readFileSync(path.join(got, name)));
    const uids = files.map((bytes) => readPart10(bytes).dataset.text('SOPInstanceUID')).sort();
    expect(uids).toEqual(UIDS);
  });

  it.skipIf(!hasDcmtk)('sends over TLS, and as soon as the certificate can be read', async () => {
    const [theirs, ours] = [await makeCertificate(folder, 'pacs'), await makeCertificate(folder, 'gateway')];
    if (theirs === undefined || ours === undefined) throw new Error('openssl is gone.');
    const { port } = await storescp('+tls', theirs.key, theirs.certificate, '+cf', ours.certificate);
    const caFile = path.join(folder, 'authorities.pem');
    const tls = { caFile, certificateFile: ours.certificate, keyFile: ours.key };
    const receiver = { ...cStore('research', port), tls };
    const now = new Date();
    await queueDeliveries(database, await request(null), site([receiver], now));
    const next = await deliver([receiver], now);
    expect((await deliveriesOfRun(database, RUN))[0]).toMatchObject({
      state: 'waiting',
      reason: `receivers: research: tls.caFile: ${caFile} cannot be read (ENOENT).`,
    });
    copyFileSync(theirs.certificate, caFile);
    await untilSent([receiver], next);
    expect(await shown()).toEqual(['research sent 2']);
  });

  /** Starts one. @returns its port, and the folder for what it gets */
  async function storescp(...secured: string[]): Promise<{ port: number; got: string }> {
    const port = await freePort();
    const got = path.join(folder, 'received');
    mkdirSync(got);
    const scp: ChildProcess = spawn('storescp', [...secured, '+B', '-od', got, '-aet', 'PACS', String(port)], {
      env: DCMTK_ENVIRONMENT,
      stdio: 'ignore',
    });
    stop = () => scp.kill();
    return { port, got };
  }

  /** It says nothing when it listens: the queue itself tries until it does. */
  async function untilSent(receivers: Receiver[], from: Date | undefined): Promise<void> {
    for (let next = from; next !== undefined; ) next = await deliver(receivers, next);
  }
});
