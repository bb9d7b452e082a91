import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliveriesOfRun, queueDeliveries } from '../../lib/archive/deliveries.ts';
import { Spool } from '../../lib/archive/spool.ts';
import { connect, type Database } from '../../lib/database/connection.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { DeliveryRequest } from '../../schemas/delivery.ts';
import { Receiver } from '../../schemas/site.ts';
import { freePort } from '../../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { createMetrics } from '../metrics.ts';
import { DicomServer } from '../server.ts';
import { deliverDue } from './deliver.ts';

const PIPELINE = 'brain-tumor-segmentation';
const RUN = 'a'.repeat(64);
const [FIRST, SECOND] = ['1.2.3.1', '1.2.3.2'];
const keyOf = (uid: string) => `${PIPELINE}/${RUN}/${uid}.dcm`;

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ObjectStore;
let now: Date;
let stopping: AbortController;
/** Bodies that the DICOMweb receiver got, and what it does with each. */
let received: Buffer[];
let answer: (n: number) => 'ok' | 'breaks off';
let http: Server;

beforeAll(async () => {
  server = await startTestPostgres();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-delivery-'));
  database = connect(await server.fresh(), { max: 4 });
  store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  [now, stopping, received, answer] = [new Date(), new AbortController(), [], () => 'ok'];
  http = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      received.push(Buffer.concat(chunks));
      const does = answer(received.length);
      outgoing.writeHead(200, { 'content-type': 'application/dicom+json' });
      if (does === 'ok') outgoing.end('{}');
      else outgoing.write('{', () => outgoing.destroy());
    });
  });
});
afterEach(async () => {
  http.close();
  await database.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server.stop());

/** A DICOMweb receiver that does what `answer` says. */
async function dicomweb(): Promise<Receiver> {
  const port = await freePort();
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${port}/dicomweb`;
  return Receiver.parse({ name: 'pacs', kind: 'research', pipelines: [PIPELINE], protocol: 'stow-rs', url });
}

/** Two objects of a run that wait for the receiver, the first one first. */
async function queue(receiver: Receiver): Promise<void> {
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.7';
  const objects = [];
  for (const SOPInstanceUID of [FIRST, SECOND]) {
    const bytes = writePart10({ SOPClassUID, SOPInstanceUID, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.3' });
    const object = await store.put('results', keyOf(SOPInstanceUID), bytes, 'application/dicom');
    objects.push({ SOPClassUID, SOPInstanceUID, SeriesInstanceUID: '1.2.3', object });
  }
  const asked = { run: RUN, pipeline: PIPELINE, studyInstanceUid: '1.2', receivers: null, objects };
  const request = DeliveryRequest.parse({ ...asked, requestedAt: now.toISOString() });
  await queueDeliveries(database, request, { receivers: [receiver], pipelineVersion: '1.0.0', now });
}

const deliver = (receiver: Receiver, signal = new AbortController().signal) =>
  deliverDue(
    {
      ...{ store, database, receivers: [receiver], callingAETitle: 'OVERREAD', signal },
      folder: path.join(folder, 'outgoing'),
    },
    now,
  );

const became = async () =>
  (await deliveriesOfRun(database, RUN)).map(({ state, objects, reason }) => `${objects} ${state}: ${reason ?? ''}`);

describe('delivery', () => {
  it('goes on past an object that is no longer the one that was queued', async () => {
    const receiver = await dicomweb();
    await queue(receiver);
    await store.put('results', keyOf(FIRST), Buffer.from('damaged'));
    await deliver(receiver);
    expect(received.map((body) => body.includes(SECOND))).toEqual([true]);
    expect(await became()).toEqual([
      '1 sent: ',
      expect.stringMatching(/^1 waiting: .* does not have its SHA-256 any more/),
    ]);
  });

  it('takes an answer that breaks off as none, and sends no other object again for it', async () => {
    const receiver = await dicomweb();
    await queue(receiver);
    answer = (n) => (n === 2 ? 'breaks off' : 'ok');
    await deliver(receiver);
    expect(received).toHaveLength(2);
    expect(await became()).toEqual(['1 sent: ', expect.stringMatching(/^1 waiting: pacs does not answer/)]);
  });

  it('by STOW-RS sends nothing again that had arrived when it was stopped', async () => {
    const receiver = await dicomweb();
    await queue(receiver);
    answer = (n) => {
      if (n === 2) stopping.abort(new Error('stopping'));
      return 'ok';
    };
    await expect(deliver(receiver, stopping.signal)).rejects.toThrow('stopping');
    await deliver(receiver);
    expect(await became()).toEqual(['2 sent: ']);
    expect(received.map((body) => body.includes(FIRST))).toEqual([true, false, false]);
  });

  it('by C-STORE sends nothing again that had arrived when it was stopped', async () => {
    const spool = new Spool(path.join(folder, 'received'));
    await spool.open();
    const log = pino({ level: 'silent' });
    const pacs = new DicomServer({ spool, log, metrics: createMetrics(() => spool.depth), isAccepted: () => true });
    const port = await pacs.listen('127.0.0.1', 0);
    const peer = { protocol: 'c-store', host: '127.0.0.1', port, aeTitle: 'PACS' };
    const receiver = Receiver.parse({ name: 'pacs', kind: 'research', pipelines: [PIPELINE], ...peer });
    await queue(receiver);
    spool.onEntry(() => {
      if (spool.depth === 2) stopping.abort(new Error('stopping'));
    });
    await expect(deliver(receiver, stopping.signal)).rejects.toThrow('stopping');
    await deliver(receiver);
    expect(await became()).toEqual(['2 sent: ']);
    const entries = path.join(folder, 'received', 'entries');
    const uids = readdirSync(entries).map((name) =>
      readPart10(readFileSync(path.join(entries, name))).dataset.text('SOPInstanceUID'),
    );
    expect(uids.filter((uid) => uid === FIRST)).toHaveLength(1);
    await pacs.close(0);
  });
});
