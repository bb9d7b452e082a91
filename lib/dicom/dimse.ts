import { tagNumber } from './dictionary.ts';
import { readElements, sourceOf } from './elements.ts';
import { ProtocolError } from './pdu.ts';

/** Verification SOP Class (PS3.4 A.4): C-ECHO. */
export const VERIFICATION_SOP_CLASS = '1.2.840.10008.1.1';

const COMMAND_DATA_SET_TYPE = { none: 0x0101, present: 0x0001 } as const;
const C_STORE_REQUEST = 0x0001;
const C_ECHO_REQUEST = 0x0030;

/** C-STORE-RQ (PS3.7 table 9.3-1). */
export function encodeStoreRequest(messageId: number, sopClassUid: string, sopInstanceUid: string): Buffer {
  return encodeCommand([
    ['AffectedSOPClassUID', sopClassUid],
    ['CommandField', C_STORE_REQUEST],
    ['MessageID', messageId],
    ['Priority', 0],
    ['CommandDataSetType', COMMAND_DATA_SET_TYPE.present],
    ['AffectedSOPInstanceUID', sopInstanceUid],
  ]);
}

/** C-ECHO-RQ (PS3.7 table 9.3-12). */
export function encodeEchoRequest(messageId: number): Buffer {
  return encodeCommand([
    ['AffectedSOPClassUID', VERIFICATION_SOP_CLASS],
    ['CommandField', C_ECHO_REQUEST],
    ['MessageID', messageId],
    ['CommandDataSetType', COMMAND_DATA_SET_TYPE.none],
  ]);
}

/** What a receiver answers. */
export interface Response {
  readonly messageId: number;
  readonly status: number;
}

/** @throws {ProtocolError} it is no answer */
export function decodeResponse(bytes: Uint8Array): Response {
  const { elements } = readElements(sourceOf(bytes, false, true), 0, bytes.length, undefined, 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (keyword: string): number | undefined => {
    const element = elements.get(tagNumber(keyword));
    return element?.length === 2 && element.offset + 2 <= bytes.length
      ? view.getUint16(element.offset, true)
      : undefined;
  };
  const messageId = read('MessageIDBeingRespondedTo');
  const status = read('Status');
  if (messageId === undefined || status === undefined)
    throw new ProtocolError('The receiver answered without MessageID or Status.');
  return { messageId, status };
}

/** Success, or a warning with which the object was stored all the same: 0xB000 to 0xBFFF, 0x0001, 0x0107, 0x0116. Source: PS3.7 annex C. */
export function isStored(status: number): boolean {
  return status === 0 || status >>> 12 === 0xb || [0x0001, 0x0107, 0x0116].includes(status);
}

/** What a failure status of C-STORE means (PS3.4 table B.2-1, PS3.7 annex C). */
export function statusText(status: number): string {
  const code = `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;
  return `${meaningOf(status)} (status ${code})`;
}

function meaningOf(status: number): string {
  if (status >>> 8 === 0xa7) return 'The receiver is out of resources';
  if (status >>> 8 === 0xa9) return 'The data set does not match its SOP class';
  if (status >>> 12 === 0xc) return 'The receiver cannot understand the data set';
  if (status === 0x0110) return 'The receiver failed to process it';
  if (status === 0x0111) return 'The receiver holds an instance with that UID already';
  if (status === 0x0117) return 'The receiver finds the SOPInstanceUID invalid';
  if (status === 0x0122) return 'The receiver does not support the SOP class';
  if (status === 0x0124) return 'The receiver does not authorise it';
  return 'The receiver refused it';
}

/** Command sets are implicit little endian, whatever the context (PS3.7 section 6.3.1). */
function encodeCommand(elements: readonly (readonly [keyword: string, value: string | number])[]): Buffer {
  const encoded = elements.map(([keyword, value]) => commandElement(tagNumber(keyword), commandValue(value)));
  const body = Buffer.concat(encoded);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([commandElement(0, length), body]);
}

function commandElement(element: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

function commandValue(value: string | number): Buffer {
  if (typeof value === 'string') return Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
  const out = Buffer.alloc(2);
  out.writeUInt16LE(value);
  return out;
}
