import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPart10 } from './dataset.ts';
import { fileMetaBytes } from './part10.ts';
import { echo, sendFiles } from './send.ts';
import { writePart10 } from './write.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const ABORT = hex('07 00 00000004 00000200');

/** What the peer does with each PDU it hears: bytes to answer, or silence. */
type Script = (type: number, body: Buffer, heard: Heard) => Buffer | undefined;

interface Heard {
  readonly contexts: { readonly id: number; readonly abstractSyntax: string; readonly transferSyntax: string }[];
  /** Bytes of data sets, one a message. */
  readonly dataSets: Buffer[];
  associations: number;
  longest: number;
  messageId: number;
  pending: Buffer;
}

let folder: string;
let close: () => void = () => undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-send-'));
});

afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});

/** A peer on loopback that follows a script. */
async function peer(script: Script) {
  const heard: Heard = {
    contexts: [],
    dataSets: [],
    associations: 0,
    longest: 0,
    messageId: 0,
    pending: Buffer.alloc(0),
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let pending: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 6 && pending.length >= 6 + pending.readUInt32BE(2)) {
        const end = 6 + pending.readUInt32BE(2);
        const answer = script(pending[0] ?? 0, pending.subarray(6, end), heard);
        pending = pending.subarray(end);
        if (answer !== undefined) socket.write(answer);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { heard, target: { host: '127.0.0.1', port, calledAETitle: 'OVERREAD', callingAETitle: 'TEST' } };
}

/** Takes what it is offered, except contexts that `refuse` names a result for; answers each message with `status`. */
function storing({
  maximum = 0,
  status = 0,
  refuse,
}: {
  maximum?: number;
  status?: number;
  refuse?: (syntax: string) => number;
} = {}): Script {
  return (type, body, heard) => {
    if (type === 1) return acceptance(body, heard, maximum, refuse ?? (() => 0));
    if (type === 5) return hex('06 00 00000004 00000000');
    if (type !== 4) return undefined;
    heard.longest = Math.max(heard.longest, body.length);
    const control = body[5] ?? 0;
    if ((control & 1) === 1) {
      const at = body.indexOf(hex('0000 1001 02000000'));
      if (at > 0) heard.messageId = body.readUInt16LE(at + 8);
      return body.includes(hex('0000 0001 02000000 3000')) ? answer(body, heard.messageId, status) : undefined;
    }
    heard.pending = Buffer.concat([heard.pending, body.subarray(6)]);
    if ((control & 2) === 0) return undefined;
    heard.dataSets.push(heard.pending);
    heard.pending = Buffer.alloc(0);
    return answer(body, heard.messageId, status);
  };
}

function acceptance(body: Buffer, heard: Heard, maximum: number, refuse: (syntax: string) => number): Buffer {
  heard.associations++;
  const items: Buffer[] = [];
  for (let position = 68; position + 4 <= body.length; position += 4 + body.readUInt16BE(position + 2)) {
    if (body[position] !== 0x20) continue;
    const id = body[position + 4] ?? 0;
    const abstractLength = body.readUInt16BE(position + 10);
    const abstractSyntax = body.toString('latin1', position + 12, position + 12 + abstractLength);
    const end = position + 4 + body.readUInt16BE(position + 2);
    const transferSyntax = body.toString('latin1', position + 16 + abstractLength, end);
    heard.contexts.push({ id, abstractSyntax, transferSyntax });
    const syntax = Buffer.concat([Buffer.from([0x40, 0, 0, transferSyntax.length]), Buffer.from(transferSyntax)]);
    items.push(Buffer.from([0x21, 0, 0, 4 + syntax.length, id, 0, refuse(transferSyntax), 0]), syntax);
  }
  const limit = hex('50 00 0008 51 00 0004 00000000');
  limit.writeUInt32BE(maximum, 8);
  const whole = Buffer.concat([Buffer.alloc(68), ...items, limit]);
  const head = hex('02 00 00000000');
  head.writeUInt32BE(whole.length, 2);
  return Buffer.concat([head, whole]);
}

/** An answer with MessageIDBeingRespondedTo and Status. */
function answer(request: Buffer, messageId: number, status: number): Buffer {
  const command = hex('0000 2001 02000000 0000 0000 0009 02000000 0000');
  command.writeUInt16LE(messageId, 8);
  command.writeUInt16LE(status, 18);
  const head = hex('04 00 0000001a 00000016 00 03');
  head[10] = request[4] ?? 0;
  return Buffer.concat([head, command]);
}

function writeFile(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

function radiograph(instance: number, syntax = '1.2.840.10008.1.2.1'): Buffer {
  const SOPInstanceUID = `1.2.3.${instance}`;
  const bytes = writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID,
    PatientComments: 'x'.repeat(5000),
  });
  const meta = { MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.1', MediaStorageSOPInstanceUID: SOPInstanceUID };
  return Buffer.concat([fileMetaBytes({ ...meta, TransferSyntaxUID: syntax }), dataSetOf(bytes)]);
}

function dataSetOf(bytes: Buffer): Buffer {
  return bytes.subarray(readPart10(bytes).dataSetOffset);
}

describe('sendFiles', () => {
  it('sends the bytes of each data set as they stand in the file', async () => {
    const { heard, target } = await peer(storing());
    const files = [radiograph(1), radiograph(2)];
    const progress: number[] = [];
    const report = await sendFiles(
      target,
      files.map((bytes, index) => writeFile(`${index}.dcm`, bytes)),
      {
        onProgress: ({ done }) => progress.push(done),
      },
    );
    expect(report).toEqual({ sent: 2, failed: [], warnings: [] });
    expect(heard.dataSets).toEqual(files.map(dataSetOf));
    expect([heard.associations, progress]).toEqual([1, [1, 2]]);
  });

  it('keeps to the length that the receiver can take, in even fragments', async () => {
    const { heard, target } = await peer(storing({ maximum: 101 }));
    const bytes = radiograph(1);
    expect((await sendFiles(target, [writeFile('a', bytes)])).sent).toBe(1);
    expect(heard.dataSets[0]).toEqual(dataSetOf(bytes));
    expect(heard.longest).toBe(100);
  });

  it('pads a deflated data set to an even length, and no other', async () => {
    const { heard, target } = await peer(storing());
    const head = (syntax: string): Buffer =>
      fileMetaBytes({ MediaStorageSOPClassUID: '1.2', MediaStorageSOPInstanceUID: '1.3', TransferSyntaxUID: syntax });
    const files = ['1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.1'].map((syntax) =>
      writeFile(syntax, Buffer.concat([head(syntax), Buffer.from([1, 2, 3])])),
    );
    await sendFiles(target, files);
    expect(heard.dataSets).toEqual([Buffer.from([1, 2, 3, 0]), Buffer.from([1, 2, 3])]);
  });

  it('proposes a context for each transfer syntax, and more than 128 over several associations', async () => {
    const { heard, target } = await peer(storing());
    const files = Array.from({ length: 130 }, (_, index) =>
      writeFile(`${index}`, radiograph(index, `1.2.840.10008.1.2.${index + 10}`)),
    );
    const report = await sendFiles(target, files);
    expect(heard.associations).toBe(2);
    expect(heard.contexts).toHaveLength(130);
    expect(Math.max(...heard.contexts.map(({ id }) => id))).toBe(255);
    expect(report.sent).toBe(130);
  });

  it('reports what is refused, and sends the others', async () => {
    const { target } = await peer(storing({ refuse: (syntax) => (syntax.endsWith('.70') ? 4 : 0) }));
    const refused = writeFile('refused', radiograph(1, '1.2.840.10008.1.2.4.70'));
    const report = await sendFiles(target, [refused, writeFile('taken', radiograph(2))]);
    expect(report.sent).toBe(1);
    expect(report.failed).toEqual([{ file: refused, reason: 'The receiver does not take this transfer syntax.' }]);
  });

  it('reports files that are no image, and sends the others', async () => {
    const { target } = await peer(storing());
    const directory = fileMetaBytes({
      MediaStorageSOPClassUID: '1.2.840.10008.1.3.10',
      MediaStorageSOPInstanceUID: '1.2',
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
    });
    const files = [
      writeFile('text', Buffer.from('no image')),
      writeFile('bare', dataSetOf(radiograph(1))),
      writeFile('DICOMDIR', Buffer.concat([directory, Buffer.alloc(8)])),
      writeFile(
        'meta',
        fileMetaBytes({ MediaStorageSOPClassUID: '1.2', MediaStorageSOPInstanceUID: '1.3', TransferSyntaxUID: '1.4' }),
      ),
      path.join(folder, 'absent'),
      writeFile('good', radiograph(2)),
    ];
    const report = await sendFiles(target, files);
    expect(report.sent).toBe(1);
    expect(report.failed.map(({ reason }) => reason)).toEqual([
      'The file is no DICOM file, or has no meta information.',
      'The file is no DICOM file, or has no meta information.',
      'The file is a DICOMDIR, which lists images and is none.',
      'The file holds no data set.',
      'The file cannot be read (ENOENT).',
    ]);
  });

  it('tells a warning from a failure', async () => {
    const warned = await peer(storing({ status: 0xb000 }));
    const file = writeFile('a', radiograph(1));
    expect(await sendFiles(warned.target, [file])).toEqual({
      sent: 1,
      failed: [],
      warnings: [{ file, reason: 'Stored with a warning (status 0xB000).' }],
    });
    close();
    const full = await peer(storing({ status: 0xa700 }));
    expect((await sendFiles(full.target, [file])).failed).toEqual([
      { file, reason: 'The receiver is out of resources (status 0xA700).' },
    ]);
  });

  it('gives the reason of a rejected association for every file', async () => {
    const { target } = await peer(() => hex('03 00 00000004 00010107'));
    const report = await sendFiles(target, [writeFile('a', radiograph(1)), writeFile('b', radiograph(2))]);
    const reason = 'The receiver rejected the association: it does not know the called AE title.';
    expect(report.failed.map((failed) => failed.reason)).toEqual([reason, reason]);
  });

  it('goes on with a new association after an abort', async () => {
    const store = storing();
    let aborted = false;
    const { heard, target } = await peer((type, body, all) => {
      if (type !== 4 || aborted) return store(type, body, all);
      aborted = true;
      return ABORT;
    });
    const report = await sendFiles(target, [writeFile('a', radiograph(1)), writeFile('b', radiograph(2))]);
    expect(heard.associations).toBe(2);
    expect(report.sent).toBe(1);
    expect(report.failed[0]?.reason).toBe('The receiver aborted the association: its protocol layer, reason 0.');
  });

  it('hears nothing of an association after its abort', async () => {
    const store = storing();
    const { target } = await peer((type, body, all) => {
      const answered = store(type, body, all);
      return type === 4 && answered !== undefined ? Buffer.concat([ABORT, answered]) : answered;
    });
    const report = await sendFiles(target, [writeFile('a', radiograph(1))]);
    expect(report.failed[0]?.reason).toBe('The receiver aborted the association: its protocol layer, reason 0.');
  });

  it('does not wait for ever', async () => {
    const { target } = await peer(() => undefined);
    const report = await sendFiles(target, [writeFile('a', radiograph(1))], { timeoutMs: 50 });
    expect(report.failed[0]?.reason).toBe('The receiver was silent for 0.05 seconds.');
  });

  it('does not let a receiver claim our memory', async () => {
    const { target } = await peer(() => hex('02 00 7fffffff'));
    const report = await sendFiles(target, [writeFile('a', radiograph(1))]);
    expect(report.failed[0]?.reason).toBe('The receiver claims a PDU of 2147483653 bytes.');
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a port of DICOM over TLS', hex('15 0303 0002 0246')],
  ])('says that it is %s', async (_, answer) => {
    const { target } = await peer(() => Buffer.from(answer));
    const report = await sendFiles(target, [writeFile('a', radiograph(1))]);
    expect(report.failed[0]?.reason).toBe(
      'What answers there speaks another language, or DICOM over TLS: check the port.',
    );
  });

  it('says that nobody is there', async () => {
    const { target } = await peer(() => undefined);
    close();
    const report = await sendFiles(target, [writeFile('a', radiograph(1))]);
    expect(report.failed[0]?.reason).toBe(`Nobody answers at 127.0.0.1:${target.port}.`);
  });

  it('says that nobody has the name of the receiver', async () => {
    const target = { host: 'pacs.invalid', port: 104, calledAETitle: 'PACS', callingAETitle: 'OVERREAD' };
    const report = await sendFiles(target, [writeFile('a', radiograph(1))]);
    expect(report.failed[0]?.reason).toBe('No machine is known here by the name pacs.invalid.');
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const { target } = await peer(storing());
    const files = [writeFile('a', radiograph(1)), writeFile('b', radiograph(2))];
    const sending = sendFiles(target, files, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(sending).rejects.toThrow('enough');
  });
});

describe('echo', () => {
  it('is quiet when answered', async () => {
    const { target } = await peer(storing());
    await expect(echo(target)).resolves.toBeUndefined();
  });

  it('says why not', async () => {
    const { target } = await peer(storing({ refuse: () => 3 }));
    await expect(echo(target)).rejects.toThrow('The receiver does not take C-ECHO.');
  });
});
