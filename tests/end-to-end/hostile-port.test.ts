import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeAssociateRequest, encodeDataHead } from '../../lib/dicom/pdu.ts';
import { echo } from '../../lib/dicom/send.ts';
import { DCMTK_ENVIRONMENT } from '../peers/debian.ts';
import { type Site, startSite } from '../site.ts';
import { fileOf, pelvisWith, type Sent, send } from './hostile/images.ts';
import { memoryPeak, processesOf } from './hostile/processes.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';
const EXPLICIT = '1.2.840.10008.1.2.1';
const dcmtk = ['dcmsend', 'echoscu', 'findscu', 'storescu'].map((program) => `/usr/bin/${program}`);

let site: Site;
let before: Awaited<ReturnType<typeof processesOf>>;
let folder: string;

beforeAll(async () => {
  site = await startSite();
  before = await processesOf(site);
  folder = mkdtempSync(path.join(tmpdir(), 'overread-hostile-'));
});
afterAll(async () => {
  await site?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Says something on the DICOM port; resolves with what was answered until the other side hung up. */
function say(...pieces: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(site.dicomPort, '127.0.0.1');
    const heard: Buffer[] = [];
    socket.on('data', (bytes) => heard.push(bytes));
    socket.on('close', () => resolve(Buffer.concat(heard)));
    // Hung up on while still talking: that is an answer, too.
    socket.on('error', (error) => ('code' in error && error.code === 'ECONNREFUSED' ? reject(error) : undefined));
    for (const piece of pieces) socket.write(piece);
  });
}

/** Opens connections that say nothing, or the beginning of something, and keeps them open. */
async function keepOpen(count: number, beginning: Uint8Array = Buffer.alloc(0)): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(site.dicomPort, '127.0.0.1'));
  await Promise.all(
    sockets.map((socket) => {
      socket.on('error', () => {});
      return new Promise<void>((resolve) => socket.once('connect', () => socket.write(beginning, () => resolve())));
    }),
  );
  return sockets;
}

const proposal = encodeAssociateRequest({
  calledAETitle: 'CI2_CD_HIP_FRAC',
  callingAETitle: 'HOSTILE',
  contexts: [{ id: 1, abstractSyntax: CR, transferSyntax: EXPLICIT }],
  maximumLength: 16_384,
  implementationClassUid: '1.2.3',
  implementationVersionName: 'HOSTILE',
});
const target = (calledAETitle = 'CI2_CD_HIP_FRAC') => ({
  ...{ host: '127.0.0.1', port: site.dicomPort },
  ...{ calledAETitle, callingAETitle: 'TEST' },
});

/** A program of dcmtk: its exit status, and all it said. */
function run(program: string, ...parameters: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(`/usr/bin/${program}`, parameters, { env: DCMTK_ENVIRONMENT }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

function written(name: string, sent: Sent): string {
  const file = path.join(folder, `${name}.dcm`);
  writeFileSync(file, fileOf(sent));
  return file;
}

async function passes(sent: Sent): Promise<void> {
  const [run] = await site.untilEnded(sent.StudyInstanceUID);
  expect(run?.status).toBe('succeeded');
}

describe('what is no DICOM', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
    ['zeros', Buffer.alloc(100_000)],
    ['a PDU of 4 GB', Buffer.from([0x01, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3])],
    ['a PDU of an unknown type', Buffer.from([0x63, 0, 0, 0, 0, 4, 1, 2, 3, 4])],
  ])('is hung up on: %s', async (_, bytes) => {
    expect((await say(bytes)).length).toBe(0);
  });

  it('is hung up on after an association was made', async () => {
    const heard = await say(proposal, Buffer.alloc(1000, 0xee));
    expect([0, 2]).toContain(heard[0] ?? 0);
  });

  it('is hung up on where items of a proposal lie about their lengths', async () => {
    const lying = Buffer.from(proposal);
    lying.writeUInt16BE(0xffff, 76);
    const socket = (await keepOpen(1, lying))[0];
    await expect(echo(target())).resolves.toBeUndefined();
    socket?.destroy();
  });
});

describe('what breaks off', () => {
  it('in the middle of an image leaves nothing behind', async () => {
    const half = Buffer.concat([proposal, encodeDataHead({ contextId: 1, command: true, last: false }, 100)]);
    const sockets = await keepOpen(5, half);
    for (const socket of sockets) socket.resetAndDestroy();
    await expect(echo(target())).resolves.toBeUndefined();
  });
});

describe('very many at once', () => {
  it('100 associations: those for which there is no room are told so, and the others are served', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => echo(target(), { timeoutMs: 60_000 })));
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    expect(reasons.length).toBeLessThan(100);
    for (const reason of reasons) {
      expect(reason).toMatch(
        /it has reached its limit of associations \(may work later\)|closed the connection|was lost/,
      );
    }
    await expect(echo(target())).resolves.toBeUndefined();
  });

  it('connections that say next to nothing leave room for an image', async () => {
    const slow = [...(await keepOpen(30)), ...(await keepOpen(30, proposal.subarray(0, 20)))];
    try {
      const sent = pelvisWith();
      expect(await send(site, sent)).toBe(0);
      await passes(sent);
    } finally {
      for (const socket of slow) socket.destroy();
    }
  });
});

describe.skipIf(!dcmtk.every(existsSync))('dcmtk', () => {
  it('echoscu is answered', async () => {
    expect(await run('echoscu', '-aec', 'CI2_CD_HIP_FRAC', '127.0.0.1', String(site.dicomPort))).toMatchObject({
      status: 0,
    });
  });

  it('findscu is refused in words of the protocol', async () => {
    const { status, output } = await run(
      'findscu',
      '-S',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '-k',
      'PatientName=*',
      '127.0.0.1',
      String(site.dicomPort),
    );
    expect(status).not.toBe(0);
    expect(output).toMatch(/No Acceptable Presentation Contexts|no presentation context/i);
  });

  it('dcmsend sends an exam', async () => {
    const sent = pelvisWith();
    const { status, output } = await run(
      'dcmsend',
      '-aec',
      'CI2_CD_HIP_FRAC',
      '127.0.0.1',
      String(site.dicomPort),
      written('dcmsend', sent),
    );
    expect(output).toBe('');
    expect(status).toBe(0);
    await passes(sent);
  });

  it('storescu sends 300 images over four associations at once, and every one is in the index', async () => {
    const images = Array.from({ length: 300 }, (_, index) => ({
      index,
      sent: pelvisWith({ StudyDescription: 'MANY' }),
    }));
    const files = images.map(({ index, sent }) => written(`many-${index}`, sent));
    const senders = [0, 1, 2, 3].map((one) =>
      run(
        'storescu',
        '-aec',
        'ELSEWHERE',
        '127.0.0.1',
        String(site.dicomPort),
        ...files.filter((_, at) => at % 4 === one),
      ),
    );
    expect((await Promise.all(senders)).map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    for (const { sent } of images) {
      await expect
        .poll(async () => (await site.api(`/studies/${sent.StudyInstanceUID}`)).status, { timeout: 60_000 })
        .toBe(200);
    }
  });
});

describe('afterwards', () => {
  it('every part is the process that it was, and none has ever grown large', async () => {
    const now = await processesOf(site);
    expect(now).toEqual(before);
    for (const one of [...now.parts, ...now.functions]) expect(memoryPeak(one), one.name).toBeLessThan(700);
  });

  it('the next exam passes', async () => {
    const next = pelvisWith();
    expect(await send(site, next)).toBe(0);
    await passes(next);
  });
});
