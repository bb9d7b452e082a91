import { connect, type Socket } from 'node:net';
import { expect, vi } from 'vitest';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';

/** An item of an association PDU (PS3.8 9.3.2): type, reserved, length (2 bytes, big endian), value. */
function item(type: number, value: Uint8Array | string): Buffer {
  const body = Buffer.from(value);
  const head = Buffer.from([type, 0x00, 0, 0]);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** A PDU (PS3.8 9.3.1): type, reserved, length (4 bytes, big endian), body. */
export function pdu(type: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.from([type, 0x00, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** A-ASSOCIATE-RQ (PS3.8 table 9-11) with one presentation context, id 1, for CT Image Storage. */
export function associateRequest(called = 'OVERREAD', maximumLength = 16_384): Buffer {
  const maximum = Buffer.alloc(4);
  maximum.writeUInt32BE(maximumLength);
  return pdu(
    0x01,
    Buffer.from([0x00, 0x01, 0x00, 0x00]), // protocol version 1, reserved
    Buffer.from(called.padEnd(16)),
    Buffer.from('SENDER'.padEnd(16)),
    Buffer.alloc(32), // reserved
    item(0x10, '1.2.840.10008.3.1.1.1'), // application context
    item(0x20, Buffer.concat([Buffer.from([1, 0, 0, 0]), item(0x30, CT), item(0x40, EXPLICIT)])),
    item(0x50, Buffer.concat([item(0x51, maximum), item(0x52, '1.2.3')])), // maximum length, implementation class
  );
}

/** A presentation data value (PS3.8 9.3.5.1): length, context id 1, header: bit 0 command, bit 1 last. */
export function pdv(data: Uint8Array, header: number): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 1, header]);
  head.writeUInt32BE(data.length + 2);
  return Buffer.concat([head, data]);
}

/** Headers of presentation data values: the last fragment of a command, and fragments of a data set. */
export const COMMAND_LAST = 0x03;
export const DATA = 0x00;
export const DATA_LAST = 0x02;

/** An element of a command set, implicit VR little endian (PS3.7 6.3.1). */
function element(tag: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0x0000, 0);
  head.writeUInt16LE(tag, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

/** A UID or a text as a value: of even length (PS3.5 9.1). */
export function uid(text: string): Buffer {
  return Buffer.from(text.length % 2 === 0 ? text : `${text}\0`);
}

/** C-STORE-RQ (PS3.7 table 9.3-1). */
export function storeCommand(SOPInstanceUID: string, messageId = 1): Buffer {
  const body = Buffer.concat([
    element(0x0002, uid(CT)), // AffectedSOPClassUID
    element(0x0100, uint16(0x0001)), // CommandField: C-STORE-RQ
    element(0x0110, uint16(messageId)), // MessageID
    element(0x0700, uint16(0x0000)), // Priority: medium
    element(0x0800, uint16(0x0000)), // CommandDataSetType: there is one
    element(0x1000, uid(SOPInstanceUID)), // AffectedSOPInstanceUID
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([element(0x0000, length), body]);
}

export const RELEASE = pdu(0x05, Buffer.alloc(4));

/** A scripted peer: it sends what it is told to, right or wrong. */
export class Peer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next PDU. */
  async receive(): Promise<{ type: number; body: Buffer }> {
    await vi.waitFor(() => {
      if (this.#received.length < 6 || this.#received.length < 6 + this.#received.readUInt32BE(2)) {
        throw new Error('No PDU came.');
      }
    }, 5000);
    const end = 6 + this.#received.readUInt32BE(2);
    const [type = 0] = this.#received;
    const body = this.#received.subarray(6, end);
    this.#received = this.#received.subarray(end);
    return { type, body };
  }

  async associate(called?: string): Promise<void> {
    this.send(associateRequest(called));
    expect((await this.receive()).type, 'A-ASSOCIATE-AC').toBe(0x02);
  }

  /** Status of the next C-STORE-RSP: element (0000,0900). */
  async status(): Promise<number> {
    const { type, body } = await this.receive();
    expect(type, 'P-DATA-TF').toBe(0x04);
    const at = body.indexOf(Buffer.from([0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0x00]));
    return body.readUInt16LE(at + 8);
  }
}
