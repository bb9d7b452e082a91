/**
 * The upper layer protocol of DICOM, as bytes: what an association requestor writes and what it hears (PS3.8 section 9.3).
 * Nothing here knows sockets.
 */

export const PDU = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** Head of a PDU: type, a reserved byte, length. */
export const PDU_HEAD = 6;
/** Head of a presentation data value inside a P-DATA-TF: length, context, control byte. */
export const PDV_HEAD = 6;
const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
const TITLE = 16;

/** What is proposed: one SOP class in one transfer syntax. */
export interface PresentationContext {
  /** Odd, 1 to 255. */
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

export interface AssociateRequest {
  readonly calledAETitle: string;
  readonly callingAETitle: string;
  readonly contexts: readonly PresentationContext[];
  /** Largest P-DATA-TF that we accept, in bytes after its head; 0 is no limit. */
  readonly maximumLength: number;
  readonly implementationClassUid: string;
  readonly implementationVersionName: string;
}

/** One that we hear. */
export type IncomingPdu =
  | { readonly kind: 'accept'; readonly contexts: ReadonlyMap<number, ContextResult>; readonly maximumLength: number }
  | { readonly kind: 'reject'; readonly reason: string }
  | { readonly kind: 'data'; readonly values: readonly DataValue[] }
  | { readonly kind: 'release-request' }
  | { readonly kind: 'release-response' }
  | { readonly kind: 'abort'; readonly reason: string };

export interface ContextResult {
  /** 0 accepted, 1 refused by the user, 2 no reason, 3 SOP class unknown, 4 transfer syntax unknown. */
  readonly result: number;
  readonly transferSyntax: string;
}

export interface DataValue {
  readonly contextId: number;
  readonly command: boolean;
  readonly last: boolean;
  readonly bytes: Buffer;
}

/** What was heard breaks the protocol. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** A-ASSOCIATE-RQ (PS3.8 table 9-11). */
export function encodeAssociateRequest(request: AssociateRequest): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1, 0);
  fixed.write(request.calledAETitle.padEnd(TITLE), 4, 'latin1');
  fixed.write(request.callingAETitle.padEnd(TITLE), 4 + TITLE, 'latin1');
  const maximum = Buffer.alloc(4);
  maximum.writeUInt32BE(request.maximumLength);
  return pdu(
    PDU.associateRequest,
    Buffer.concat([
      fixed,
      item(0x10, Buffer.from(APPLICATION_CONTEXT)),
      ...request.contexts.map(encodeContext),
      item(
        0x50,
        item(0x51, maximum),
        item(0x52, Buffer.from(request.implementationClassUid)),
        item(0x55, Buffer.from(request.implementationVersionName)),
      ),
    ]),
  );
}

/** Head of a P-DATA-TF with one presentation data value; its bytes follow. */
export function encodeDataHead(value: Omit<DataValue, 'bytes'>, length: number): Buffer {
  const out = Buffer.alloc(PDU_HEAD + PDV_HEAD);
  out[0] = PDU.data;
  out.writeUInt32BE(length + PDV_HEAD, 2);
  out.writeUInt32BE(length + 2, 6);
  out[10] = value.contextId;
  out[11] = (value.command ? 1 : 0) | (value.last ? 2 : 0);
  return out;
}

export function encodeReleaseRequest(): Buffer {
  return pdu(PDU.releaseRequest, Buffer.alloc(4));
}

export function encodeReleaseResponse(): Buffer {
  return pdu(PDU.releaseResponse, Buffer.alloc(4));
}

/** A-ABORT from the service user. */
export function encodeAbort(): Buffer {
  return pdu(PDU.abort, Buffer.alloc(4));
}

/**
 * Reads a whole PDU.
 *
 * @param type first byte of its head
 * @param body what follows the head
 * @throws {ProtocolError} it is none that a requestor can hear, or is cut short
 */
export function decodePdu(type: number, body: Buffer): IncomingPdu {
  switch (type) {
    case PDU.associateAccept:
      return decodeAccept(body);
    case PDU.associateReject:
      return { kind: 'reject', reason: rejection(body[1] ?? 0, body[2] ?? 0, body[3] ?? 0) };
    case PDU.data:
      return { kind: 'data', values: decodeData(body) };
    case PDU.releaseRequest:
      return { kind: 'release-request' };
    case PDU.releaseResponse:
      return { kind: 'release-response' };
    case PDU.abort:
      return {
        kind: 'abort',
        reason: body[2] === 2 ? `its protocol layer, reason ${body[3] ?? 0}` : 'no reason given',
      };
    default:
      throw new ProtocolError(`A receiver can send no PDU of type ${type}.`);
  }
}

function encodeContext({ id, abstractSyntax, transferSyntax }: PresentationContext): Buffer {
  return item(
    0x20,
    Buffer.from([id, 0, 0, 0]),
    item(0x30, Buffer.from(abstractSyntax)),
    item(0x40, Buffer.from(transferSyntax)),
  );
}

/** A-ASSOCIATE-AC (PS3.8 table 9-17). */
function decodeAccept(body: Buffer): IncomingPdu {
  const contexts = new Map<number, ContextResult>();
  let maximumLength = 0;
  for (const { type, value } of itemsOf(body, 68)) {
    if (type === 0x21) {
      const syntax = itemsOf(value, 4).find((inner) => inner.type === 0x40);
      contexts.set(value[0] ?? 0, { result: value[2] ?? 2, transferSyntax: uidText(syntax?.value) });
    } else if (type === 0x50) {
      const maximum = itemsOf(value, 0).find((inner) => inner.type === 0x51)?.value;
      if (maximum !== undefined && maximum.length === 4) maximumLength = maximum.readUInt32BE();
    }
  }
  return { kind: 'accept', contexts, maximumLength };
}

/** P-DATA-TF (PS3.8 table 9-22). */
function decodeData(body: Buffer): DataValue[] {
  const values: DataValue[] = [];
  let position = 0;
  while (position < body.length) {
    const length = position + PDV_HEAD <= body.length ? body.readUInt32BE(position) : 0;
    if (length < 2 || position + 4 + length > body.length)
      throw new ProtocolError('A presentation data value does not fit its PDU.');
    const control = body[position + 5] ?? 0;
    values.push({
      contextId: body[position + 4] ?? 0,
      command: (control & 1) === 1,
      last: (control & 2) === 2,
      bytes: body.subarray(position + PDV_HEAD, position + 4 + length),
    });
    position += 4 + length;
  }
  return values;
}

interface Item {
  readonly type: number;
  readonly value: Buffer;
}

function itemsOf(bytes: Buffer, start: number): Item[] {
  const items: Item[] = [];
  let position = start;
  while (position + 4 <= bytes.length) {
    const length = bytes.readUInt16BE(position + 2);
    if (position + 4 + length > bytes.length) throw new ProtocolError('An item does not fit its PDU.');
    items.push({ type: bytes[position] ?? 0, value: bytes.subarray(position + 4, position + 4 + length) });
    position += 4 + length;
  }
  return items;
}

/** What a rejection says (PS3.8 table 9-21). */
function rejection(result: number, source: number, reason: number): string {
  const reasons: Readonly<Record<string, string>> = {
    '1.1': 'no reason given',
    '1.2': 'it does not support the application context',
    '1.3': 'it does not know our AE title',
    '1.7': 'it does not know the called AE title',
    '2.1': 'no reason given',
    '2.2': 'it does not support the protocol version',
    '3.1': 'it is busy for the moment',
    '3.2': 'it has reached its limit of associations',
  };
  const text = reasons[`${source}.${reason}`] ?? `source ${source}, reason ${reason}`;
  return result === 2 ? `${text} (may work later)` : text;
}

function pdu(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(PDU_HEAD);
  head[0] = type;
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function item(type: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const head = Buffer.from([type, 0, 0, 0]);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

function uidText(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1').replaceAll('\0', '').trim() ?? '';
}
