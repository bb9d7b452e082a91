import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { queueObject } from '../../lib/archive/deliveries.ts';
import { connect, type Database } from '../../lib/database/connection.ts';
import { deriveUid } from '../../lib/dicom/uid.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { freePort } from '../../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { Testbed } from '../world.fixture.ts';

let server: TestPostgres;
let database: Database;
let gateway: Testbed;
let receiver: Server;
/** Takes connections and says nothing. */
let silent: TcpServer;
let connectedToSilent: Promise<void>;
/** Bodies that the receiver got. */
let received: Buffer[];

beforeAll(async () => {
  server = await startTestPostgres();
  received = [];
  receiver = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      received.push(Buffer.concat(chunks));
      outgoing.writeHead(200, { 'content-type': 'application/dicom+json' }).end('{}');
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => receiver.listen(port, '127.0.0.1', resolve));
  silent = createTcpServer();
  connectedToSilent = new Promise((resolve) => silent.once('connection', () => resolve()));
  const silentPort = await freePort();
  await new Promise<void>((resolve) => silent.listen(silentPort, '127.0.0.1', resolve));
  const at = (name: string, to: number) =>
    `{ name: ${name}, kind: research, protocol: stow-rs, url: 'http://127.0.0.1:${to}/dicomweb' }`;
  const siteYaml = `receivers: [${at('research', port)}, ${at('silent', silentPort)}]`;
  gateway = new Testbed({ databaseUrl: server.url, port: await freePort(), siteYaml });
  database = connect(server.url, { max: 2 });
  await gateway.store.prepare();
});
afterAll(async () => {
  await gateway.destroy();
  await database.close();
  receiver.close();
  silent.close();
  await server.stop();
});

/** Puts an object into the store and into the queue, as the web does for a person. */
async function send(name: string, to = 'research'): Promise<void> {
  const SOPInstanceUID = deriveUid(name);
  const file = writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    ...{ SOPInstanceUID, StudyInstanceUID: '1.2', SeriesInstanceUID: deriveUid(name, 'series') },
  });
  const object = await gateway.store.put(
    'results',
    `hip-fracture-detection/trends/${name}.dcm`,
    file,
    'application/dicom',
  );
  const sent = {
    SOPInstanceUID,
    object,
    run: 'a'.repeat(64),
    pipeline: 'hip-fracture-detection',
    versions: ['1.0.0'],
    shows: { exams: ['1.2'] },
  };
  const queued = await queueObject(database.db, sent, {
    receiver: { name: to, kind: 'research' },
    now: new Date(),
  });
  expect(queued).toBe(true);
}

const hasGot = (name: string) => received.some((body) => body.includes(deriveUid(name)));

it('a gateway sends at once what another process has queued, and after a start what was queued while it was down', async () => {
  await send('while-down');
  await gateway.start();
  await vi.waitFor(() => expect(hasGot('while-down')).toBe(true), { timeout: 60_000 });
  await send('while-up');
  await vi.waitFor(() => expect(hasGot('while-up')).toBe(true), { timeout: 60_000 });
  expect(received).toHaveLength(2);
});

it('a receiver that says nothing holds up no other one', async () => {
  await send('unheard', 'silent');
  await connectedToSilent;
  await send('heard');
  await vi.waitFor(() => expect(hasGot('heard')).toBe(true), { timeout: 20_000 });
});
