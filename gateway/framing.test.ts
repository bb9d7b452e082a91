import { describe, expect, it } from 'vitest';
import { Framing, FramingError, LENGTH_LIMIT } from './framing.ts';

/** A PDU: type, reserved, length (big endian), body of zeros. */
function pdu(type: number, length: number, body = length): Buffer {
  const header = Buffer.from([type, 0x00, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 2);
  return Buffer.concat([header, Buffer.alloc(body)]);
}

/** A-RELEASE-RQ (PS3.8 table 9-24): type 05, reserved, length 4, reserved. */
const RELEASE = Buffer.from([0x05, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00]);

describe('Framing', () => {
  it('counts PDUs that come together', () => {
    expect(new Framing().accept(Buffer.concat([RELEASE, pdu(4, 1000), RELEASE]))).toBe(3);
  });

  it('counts a PDU once when it comes byte by byte', () => {
    const framing = new Framing();
    const ends = [...pdu(4, 20)].map((byte) => framing.accept(Buffer.from([byte])));
    expect(ends.filter((ended) => ended > 0)).toEqual([1]);
    expect(ends.at(-1)).toBe(1);
  });

  it('takes a PDU without a body', () => {
    expect(new Framing().accept(pdu(4, 0))).toBe(1);
  });

  it('takes the longest PDU it allows', () => {
    expect(new Framing().accept(pdu(4, LENGTH_LIMIT))).toBe(1);
  });

  it.each([
    ['a length beyond the limit', pdu(4, LENGTH_LIMIT + 1, 0), `at most ${LENGTH_LIMIT} bytes here; this one claims`],
    ['2 GB', Buffer.from([0x04, 0x00, 0x7f, 0xff, 0xff, 0xff]), 'claims 2147483647'],
    ['a type that does not exist', Buffer.from([0x08, 0x00, 0, 0, 0, 0]), 'a type of 1 to 7; this one says 8'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'this one says 71'],
  ])('refuses %s as soon as the header is there', (_, bytes, message) => {
    expect(() => new Framing().accept(bytes)).toThrow(FramingError);
    expect(() => new Framing().accept(bytes)).toThrow(message);
  });
});
