import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileHead } from '../lib/dicom/part10.ts';
import { echo, sendFiles } from '../lib/dicom/send.ts';
import { HOME } from '../lib/platform/configuration.ts';
import { freePort } from '../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { dataSetOf, radiograph, written } from './images.fixture.ts';
import { run, Testbed, until } from './world.fixture.ts';

const DATA = path.join(HOME, '../shared/data');
const dcmtk = await run('storescu', ['--version']).then(
  ({ status }) => status === 0,
  () => false,
);

let server: TestPostgres;
let gateway: Testbed;

beforeAll(async () => {
  server = await startTestPostgres();
  gateway = new Testbed({ databaseUrl: await server.fresh(), port: await freePort() });
  await gateway.start();
});
afterAll(async () => {
  await gateway.destroy();
  await server.stop();
});

function target() {
  return { host: '127.0.0.1', port: gateway.port, calledAETitle: 'OVERREAD', callingAETitle: 'SENDER' };
}

/** SHA-256 of every data set that the gateway holds, quarantine included. */
async function heldDataSets(): Promise<Set<string>> {
  const held = new Set<string>();
  for (const key of await gateway.keys('dicom')) {
    held.add(dataSetOf(await gateway.store.get('dicom', key)).toString('base64'));
  }
  return held;
}

function realFiles(): string[] {
  return globSync(['08-*/**/*', '10-*/*', '12-*/*', '13-*/*'], { cwd: DATA })
    .map((file) => path.join(DATA, file))
    .filter((file) => /\.dcm$|RG2_/.test(file) && readFileHead(readFileSync(file)).hasMeta)
    .sort();
}

describe.skipIf(!existsSync(DATA))('real images as they are', () => {
  it('are kept byte for byte in every transfer syntax', async () => {
    const files = realFiles();
    const { sent, failed } = await sendFiles(target(), files);
    await gateway.ingested();
    const refused = new Set(failed.map(({ file }) => file));
    const taken = files.filter((file) => !refused.has(file));
    expect(taken).toHaveLength(sent);
    const syntaxes = new Set(taken.map((file) => readFileHead(readFileSync(file)).meta.TransferSyntaxUID));
    expect(syntaxes.size).toBeGreaterThan(11);

    const held = await heldDataSets();
    const again = await gateway.sql`select coalesce(sum(duplicates), 0)::int as duplicates from archive.study`;
    const lost = taken.filter((file) => !held.has(dataSetOf(readFileSync(file)).toString('base64')));
    // What is not there byte for byte was recognised as an instance that came before.
    expect(lost.length).toBeLessThanOrEqual(again[0]?.duplicates);
    expect(held.size).toBeGreaterThan(60);
  });
});

describe.skipIf(!dcmtk)('an image that dcmtk sends', () => {
  /** storescu's options that propose a transfer syntax first, and dcmtk's programs that make it. */
  it.each([
    ['Implicit VR Little Endian', ['dcmconv', '+ti'], '-xi'],
    ['Explicit VR Big Endian', ['dcmconv', '+tb'], '-xb'],
    ['Deflated Explicit VR Little Endian', ['dcmconv', '+td'], '-xd'],
    ['RLE Lossless', ['dcmcrle'], '-xr'],
    ['JPEG Lossless', ['dcmcjpeg', '+un'], '-xs'],
    ['JPEG-LS Lossless', ['dcmcjpls', '+un'], '-xt'],
  ])(
    'is one instance with its first encoding, in %s, and is sent as dcmtk itself receives it',
    async (name, make, flag) => {
      const study = name.replaceAll(/\W/g, '');
      const [program = '', ...options] = make;
      const [first = ''] = written(path.join(gateway.folder, study), { 'first.dcm': radiograph(study, 1) });
      const second = path.join(gateway.folder, study, 'second.dcm');
      expect(await run(program, [...options, first, second])).toMatchObject({ status: 0 });

      await gateway.storescu([second], [flag]);
      await gateway.ingested();
      const key = (await gateway.keys('dicom', 'studies/')).find((one) => one.endsWith(`${uidOf(second)}.dcm`)) ?? '';
      const stored = await gateway.store.get('dicom', key);
      expect(readFileHead(stored).meta.TransferSyntaxUID).toBe(
        readFileHead(readFileSync(second)).meta.TransferSyntaxUID,
      );
      expect(dataSetOf(stored).equals(dataSetOf(await asDcmtkReceivesIt(second, flag)))).toBe(true);

      await sendFiles(target(), [first]);
      await gateway.ingested();
      const [row] = await gateway.sql`
      select duplicates, (select count(*)::int from archive.instance i where i.study_instance_uid = s.study_instance_uid) as instances
      from archive.study s where accession_number = ${`A-${study}`.slice(0, 16)}`;
      expect(row).toEqual({ duplicates: 1, instances: 1 });
    },
  );

  it('is another instance when it lost information on the way', async () => {
    const [first = ''] = written(path.join(gateway.folder, 'lossy'), { 'first.dcm': radiograph('lossy', 1) });
    const second = path.join(gateway.folder, 'lossy', 'second.dcm');
    expect(await run('dcmcjpeg', ['+ee', '+un', first, second])).toMatchObject({ status: 0 });
    await sendFiles(target(), [first, second]);
    await gateway.ingested();
    const rows = await gateway.sql`select reason from archive.quarantine where sop_instance_uid = ${uidOf(second)}`;
    expect(rows.map(({ reason }) => reason)).toEqual(['Its SOPInstanceUID is known with other content.']);
  });
});

function uidOf(file: string): string {
  return readFileHead(readFileSync(file)).meta.MediaStorageSOPInstanceUID ?? '';
}

/** Sends a file to dcmtk's own receiver, which keeps what it gets bit by bit, and answers what it kept. */
async function asDcmtkReceivesIt(file: string, flag: string): Promise<Buffer> {
  const port = await freePort();
  const folder = path.join(path.dirname(file), 'received');
  mkdirSync(folder);
  const receiver: ChildProcess = spawn('storescp', ['+B', '+xa', '-od', folder, String(port)], { stdio: 'ignore' });
  try {
    const there = { host: '127.0.0.1', port, calledAETitle: 'DCMTK', callingAETitle: 'SENDER' };
    await until('storescp', () =>
      echo(there).then(
        () => true,
        () => false,
      ),
    );
    const { status, output } = await run('storescu', [flag, '127.0.0.1', String(port), file]);
    if (status !== 0) throw new Error(`storescu ended with ${status}: ${output}`);
    const [name = ''] = readdirSync(folder);
    return readFileSync(path.join(folder, name));
  } finally {
    const gone = once(receiver, 'exit');
    receiver.kill();
    await gone;
  }
}
