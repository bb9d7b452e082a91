import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { Spool } from '../lib/archive/spool.ts';
import { readFileHead } from '../lib/dicom/part10.ts';
import { createLog, type Logger } from '../lib/platform/log.ts';
import { MAXIMUM_LENGTH } from './framing.ts';
import { createMetrics } from './metrics.ts';
import {
  associateRequest,
  COMMAND_LAST,
  DATA,
  DATA_LAST,
  Peer,
  pdu,
  pdv,
  RELEASE,
  storeCommand,
  uid,
} from './peer.fixture.ts';
import { DicomServer } from './server.ts';

let folder: string;
let spool: Spool;
let server: DicomServer;
let port: number;
let metrics: ReturnType<typeof createMetrics>;
let told: MockInstance<Logger['info']>;
const peers: Peer[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-association-'));
  spool = new Spool(folder);
  await spool.open();
  metrics = createMetrics(() => spool.depth);
  const log = createLog('test', 'silent');
  told = vi.spyOn(log, 'info');
  server = new DicomServer({ spool, log, metrics, isAccepted: (called) => called !== 'UNKNOWN' });
  port = await server.listen('127.0.0.1', 0);
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.destroy();
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
});

function peer(): Peer {
  const made = new Peer(port);
  peers.push(made);
  return made;
}

const incoming = () => readdirSync(path.join(folder, 'incoming'));

function held(): Buffer[] {
  return [...spool.pending()].map(({ file }) => {
    const bytes = readFileSync(file);
    return bytes.subarray(readFileHead(bytes).dataSetOffset);
  });
}

describe('an association', () => {
  it('announces the same maximum length whatever the peer takes', async () => {
    const sender = peer();
    sender.send(associateRequest('OVERREAD', 16_384));
    const { type, body } = await sender.receive();
    expect(type).toBe(0x02);
    // Maximum length sub-item (PS3.8 D.1.1): type 51, reserved, length 4, value.
    const at = body.indexOf(Buffer.from([0x51, 0x00, 0x00, 0x04]));
    expect(body.readUInt32BE(at + 4)).toBe(MAXIMUM_LENGTH);
  });

  it('is rejected for good when the called AE title is not one of ours', async () => {
    const sender = peer();
    sender.send(associateRequest('UNKNOWN'));
    // A-ASSOCIATE-RJ (PS3.8 table 9-21): reserved, result 1 permanent, source 1 service user, reason 7 called title.
    expect(await sender.receive()).toEqual({ type: 0x03, body: Buffer.from([0x00, 1, 1, 7]) });
  });

  it('is released', async () => {
    const sender = peer();
    await sender.associate();
    sender.send(RELEASE);
    expect((await sender.receive()).type, 'A-RELEASE-RP').toBe(0x06);
  });
});

describe('a C-STORE', () => {
  it('keeps fragments in their order when one PDU holds several', async () => {
    const sender = peer();
    await sender.associate();
    const parts = Array.from({ length: 400 }, (_, index) => Buffer.alloc(60_000, index));
    sender.send(pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST)));
    for (let index = 0; index < parts.length; index += 2) {
      const [a, b] = parts.slice(index, index + 2);
      sender.send(
        pdu(
          0x04,
          pdv(a ?? Buffer.alloc(0), DATA),
          pdv(b ?? Buffer.alloc(0), index + 2 === parts.length ? DATA_LAST : DATA),
        ),
      );
    }
    expect(await sender.status()).toBe(0x0000);
    expect(held()[0]?.equals(Buffer.concat(parts))).toBe(true);
  });

  it('is answered only when the instance is in the spool, one after the other', async () => {
    const sender = peer();
    await sender.associate();
    for (const number of [1, 2, 3]) {
      sender.send(
        pdu(0x04, pdv(storeCommand(`1.2.${number}`, number), COMMAND_LAST), pdv(Buffer.from([number, 0]), DATA_LAST)),
      );
      expect(await sender.status()).toBe(0x0000);
      expect(spool.depth).toBe(number);
    }
    expect(held()).toEqual([Buffer.from([1, 0]), Buffer.from([2, 0]), Buffer.from([3, 0])]);
  });

  it('is answered "out of resources" when the disk refuses, and the next one is taken', async () => {
    const sender = peer();
    await sender.associate();
    const begin = vi.spyOn(spool, 'begin').mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    const store = pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(Buffer.alloc(5000), DATA_LAST));
    sender.send(store);
    expect(await sender.status()).toBe(0xa700);
    sender.send(store);
    expect(await sender.status()).toBe(0x0000);
    expect(begin).toHaveBeenCalledTimes(2);
    expect(spool.depth).toBe(1);
  });

  it('leaves no half of an instance when the connection breaks', async () => {
    const sender = peer();
    await sender.associate();
    sender.send(pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(Buffer.alloc(50_000), DATA)));
    await vi.waitFor(() => expect(incoming()).toHaveLength(1));
    sender.socket.destroy();
    await vi.waitFor(() => expect(incoming()).toEqual([]));
    expect(spool.depth).toBe(0);
  });

  it('leaves no half of an instance when the sender aborts', async () => {
    const sender = peer();
    await sender.associate();
    sender.send(pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(Buffer.alloc(50_000), DATA)));
    await vi.waitFor(() => expect(incoming()).toHaveLength(1));
    sender.send(pdu(0x07, Buffer.alloc(4))); // A-ABORT
    await sender.closed;
    await vi.waitFor(() => expect(incoming()).toEqual([]));
  });

  it('never lets a UID of the command out of its place', async () => {
    const sender = peer();
    await sender.associate();
    sender.send(pdu(0x04, pdv(storeCommand('../../../etc/passwd'), COMMAND_LAST), pdv(Buffer.alloc(10), DATA_LAST)));
    expect(await sender.status()).toBe(0x0000);
    const [entry] = spool.pending();
    expect(path.dirname(entry?.file ?? '')).toBe(path.join(folder, 'entries'));
    expect(readFileHead(readFileSync(entry?.file ?? '')).meta.MediaStorageSOPInstanceUID).toBeUndefined();
  });
});

describe('the log', () => {
  /** A data set of a study and a patient (PS3.5 7.1.2), explicit VR little endian. */
  const image = (study: string) => {
    const text = (group: number, element: number, vr: string, value: string) => {
      const head = Buffer.from([group, 0, element, 0, vr.charCodeAt(0), vr.charCodeAt(1), 0, 0]);
      const body = uid(value);
      head.writeUInt16LE(body.length, 6);
      return Buffer.concat([head, body]);
    };
    return Buffer.concat([text(0x10, 0x20, 'LO', 'PATIENT1'), text(0x20, 0x0d, 'UI', study)]);
  };
  const store = (bytes: Uint8Array) => pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(bytes, DATA_LAST));

  it('tells of an association what it brought, of which studies, and nothing of patients', async () => {
    const sender = peer();
    await sender.associate();
    for (const study of ['1.2.840.1', '1.2.840.1', '1.2.840.12']) {
      sender.send(store(image(study)));
      expect(await sender.status()).toBe(0x0000);
    }
    vi.spyOn(spool, 'begin').mockRejectedValueOnce(new Error('full'));
    sender.send(store(image('1.2.840.12')));
    expect(await sender.status()).toBe(0xa700);
    sender.send(RELEASE);
    await sender.receive();
    expect(told, 'before the end').not.toHaveBeenCalled();
    sender.socket.end();
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
    const titles = { calling: 'SENDER', called: 'OVERREAD' };
    const brought = { taken: 3, refused: 1, brokenOff: 0, studies: ['1.2.840.1', '1.2.840.12'] };
    expect(told.mock.calls[0]).toEqual([{ ...titles, ...brought }, 'association ended']);
  });

  it('tells of half an instance, and of one that cannot be read, that they came', async () => {
    const sender = peer();
    await sender.associate();
    sender.send(store(Buffer.from('no DICOM')));
    expect(await sender.status()).toBe(0x0000);
    sender.send(pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(image('1.2.840.1'), DATA)));
    await vi.waitFor(() => expect(incoming()).toHaveLength(1));
    sender.socket.destroy();
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
    expect(told.mock.calls[0]?.[0]).toMatchObject({ taken: 1, refused: 0, brokenOff: 1, studies: ['1.2.840.1'] });
  });

  it('holds no line of an association that brought nothing', async () => {
    const sender = peer();
    await sender.associate();
    sender.socket.destroy();
    await server.close(1000);
    expect(told).not.toHaveBeenCalled();
  });
});

describe('a peer that misbehaves is cut off', () => {
  it.each([
    ['claims a PDU of 2 GB', [Buffer.from([0x04, 0x00, 0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(1000)]],
    ['sends a type that does not exist', [Buffer.from([0x2a, 0x00, 0, 0, 0, 4, 0, 0, 0, 0])]],
    ['sends data before a command', [pdu(0x04, pdv(Buffer.alloc(10), DATA_LAST))]],
    ['uses a context that was not negotiated', [pdu(0x04, Buffer.from([0, 0, 0, 4, 99, COMMAND_LAST, 0, 0]))]],
    ['claims a PDV longer than its PDU', [pdu(0x04, Buffer.from([0, 0, 0xff, 0xff, 1, DATA, 0, 0]))]],
  ])('when it %s', async (_, bytes) => {
    const sender = peer();
    await sender.associate();
    sender.send(...bytes);
    await sender.closed;
    expect(spool.depth).toBe(0);
  });

  it('when it talks HTTP', async () => {
    const sender = peer();
    sender.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await sender.closed;
  });

  it('when it sends more of an instance before the answer', async () => {
    const sender = peer();
    await sender.associate();
    const store = pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(Buffer.alloc(10), DATA_LAST));
    sender.send(store, pdu(0x04, pdv(Buffer.from('more'), DATA)));
    await sender.closed;
    expect(held().every((bytes) => bytes.equals(Buffer.alloc(10)))).toBe(true);
  });

  it('when it sends the next command before the answer, and no answer is given in the name of another', async () => {
    const sender = peer();
    await sender.associate();
    const [first, second] = [
      pdv(storeCommand('1.2.3.1', 1), COMMAND_LAST),
      pdv(storeCommand('1.2.3.2', 2), COMMAND_LAST),
    ];
    const data = pdv(Buffer.alloc(1000, 1), DATA_LAST);
    let answered = false;
    sender.socket.once('data', () => {
      answered = true;
    });
    sender.send(pdu(0x04, first), pdu(0x04, data), pdu(0x04, second));
    await sender.closed;
    expect(answered, 'an answer was given').toBe(false);
  });

  it('when it sends a command without end', async () => {
    const sender = peer();
    await sender.associate();
    for (let index = 0; index < 40; index++) sender.send(pdu(0x04, pdv(Buffer.alloc(200_000), 0x01)));
    await sender.closed;
  });

  it('and others go on meanwhile', async () => {
    const good = peer();
    await good.associate();
    const bad = peer();
    bad.send(Buffer.from([0x01, 0x00, 0xff, 0xff, 0xff, 0xff]));
    await bad.closed;
    good.send(pdu(0x04, pdv(storeCommand('1.2.3'), COMMAND_LAST), pdv(Buffer.alloc(10), DATA_LAST)));
    expect(await good.status()).toBe(0x0000);
  });
});

describe('limits', () => {
  it('cuts off who proposes no association in time, and who goes silent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const silent = peer();
      await new Promise((resolve) => silent.socket.once('connect', resolve));
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(31_000);
      await silent.closed;
    } finally {
      vi.useRealTimers();
    }
  });

  it('rejects the association beyond the last for now', async () => {
    const all = Array.from({ length: 65 }, () => peer());
    await Promise.all(all.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
    const last = all[64];
    last?.send(associateRequest());
    // Result 2 transient, source 3 service provider (presentation), reason 2 local limit exceeded.
    expect(await last?.receive()).toEqual({ type: 0x03, body: Buffer.from([0x00, 2, 3, 2]) });
  });

  it('gives as many of a crowd an association as there is room for, and to the next when one has ended', async () => {
    // All are connected before the first proposes anything.
    const crowd = Array.from({ length: 80 }, peer);
    await vi.waitFor(() => expect(crowd.every(({ socket }) => socket.readyState === 'open')).toBe(true));
    for (const sender of crowd) sender.send(associateRequest());
    const answers = await Promise.all(crowd.map((sender) => sender.receive()));
    expect(answers.filter(({ type }) => type === 0x02)).toHaveLength(64);
    expect(answers.filter(({ type }) => type === 0x03)).toHaveLength(16);
    const served = crowd[answers.findIndex(({ type }) => type === 0x02)];
    served?.socket.destroy();
    await vi.waitFor(async () => {
      const next = peer();
      next.send(associateRequest());
      expect((await next.receive()).type).toBe(0x02);
    });
  });
});
