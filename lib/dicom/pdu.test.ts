import { describe, expect, it } from 'vitest';
import { decodeResponse, encodeEchoRequest, encodeStoreRequest, isStored, statusText } from './dimse.ts';
import {
  decodePdu,
  encodeAbort,
  encodeAssociateRequest,
  encodeDataHead,
  encodeReleaseRequest,
  PDU,
  ProtocolError,
} from './pdu.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('encodeAssociateRequest', () => {
  it('writes every field where PS3.8 table 9-11 has it', () => {
    const bytes = encodeAssociateRequest({
      calledAETitle: 'OVERREAD',
      callingAETitle: 'CR1',
      contexts: [{ id: 1, abstractSyntax: '1.2', transferSyntax: '1.3' }],
      maximumLength: 0x20000,
      implementationClassUid: '1.4',
      implementationVersionName: 'V',
    });
    const fields = [
      '01 00 0000008b', // A-ASSOCIATE-RQ, reserved, length: 68 + 25 + 22 + 24
      '0001 0000', // protocol version, reserved
      '4f56455252454144 2020202020202020', // called AE title, padded with spaces
      '435231 20202020202020202020202020', // calling AE title
      '00'.repeat(32), // reserved
      '10 00 0015', // application context item
      Buffer.from('1.2.840.10008.3.1.1.1').toString('hex'),
      '20 00 0012 01 00 00 00', // presentation context 1
      '30 00 0003 312e32', // abstract syntax 1.2
      '40 00 0003 312e33', // transfer syntax 1.3
      '50 00 0014', // user information
      '51 00 0004 00020000', // maximum length
      '52 00 0003 312e34', // implementation class UID
      '55 00 0001 56', // implementation version name
    ];
    expect(bytes.toString('hex')).toBe(hex(fields.join('')).toString('hex'));
  });
});

describe('the small PDUs', () => {
  it('have a head and four bytes', () => {
    expect(encodeReleaseRequest()).toEqual(hex('05 00 00000004 00000000'));
    expect(encodeAbort()).toEqual(hex('07 00 00000004 00000000'));
  });

  it('count the head of a presentation data value into its lengths', () => {
    // P-DATA-TF of 16 bytes; value of 12: context 3, last fragment of a command; ten bytes follow.
    expect(encodeDataHead({ contextId: 3, command: true, last: true }, 10)).toEqual(
      hex('04 00 00000010 0000000c 03 03'),
    );
  });
});

describe('decodePdu', () => {
  it('reads what was accepted and how much may be sent', () => {
    const body = hex(
      [
        '0001 0000', // protocol version, reserved
        '20'.repeat(32), // AE titles
        '00'.repeat(32), // reserved
        '21 00 000b 01 00 00 00 40 00 0003 312e33', // context 1 accepted with 1.3
        '21 00 0008 03 00 03 00 40 00 0000', // context 3: abstract syntax not supported
        '50 00 0008 51 00 0004 00004000', // maximum length 16384
      ].join(''),
    );
    expect(decodePdu(PDU.associateAccept, body)).toEqual({
      kind: 'accept',
      maximumLength: 16384,
      contexts: new Map([
        [1, { result: 0, transferSyntax: '1.3' }],
        [3, { result: 3, transferSyntax: '' }],
      ]),
    });
  });

  it.each([
    ['00 01 01 07', 'it does not know the called AE title'],
    ['00 01 01 03', 'it does not know our AE title'],
    ['00 02 03 02', 'it has reached its limit of associations (may work later)'],
    ['00 01 09 09', 'source 9, reason 9'],
  ])('tells why it was rejected: %s', (body, reason) => {
    expect(decodePdu(PDU.associateReject, hex(body))).toEqual({ kind: 'reject', reason });
  });

  it('reads several values of one P-DATA-TF', () => {
    // Two values of context 1: the start of a command with byte aa, its end with bb cc.
    const body = hex('00000003 01 01 aa  00000004 01 03 bbcc');
    expect(decodePdu(PDU.data, body)).toEqual({
      kind: 'data',
      values: [
        { contextId: 1, command: true, last: false, bytes: hex('aa') },
        { contextId: 1, command: true, last: true, bytes: hex('bbcc') },
      ],
    });
  });

  it.each([
    [PDU.data, '000000ff 01 03 aa', 'A presentation data value does not fit its PDU.'],
    [PDU.data, '00000000 0000', 'A presentation data value does not fit its PDU.'],
    [PDU.associateAccept, `${'00'.repeat(68)} 21 00 ffff`, 'An item does not fit its PDU.'],
    [PDU.associateRequest, '', 'A receiver can send no PDU of type 1.'],
  ])('refuses type %i with %s', (type, body, message) => {
    expect(() => decodePdu(type, hex(body))).toThrow(ProtocolError);
    expect(() => decodePdu(type, hex(body))).toThrow(message);
  });
});

describe('DIMSE', () => {
  it('writes C-ECHO-RQ in implicit little endian', () => {
    const elements = [
      '0000 0000 04000000 38000000', // group length 56
      '0000 0200 12000000', // AffectedSOPClassUID, 18 bytes
      Buffer.from('1.2.840.10008.1.1\0').toString('hex'),
      '0000 0001 02000000 3000', // CommandField C-ECHO-RQ
      '0000 1001 02000000 0700', // MessageID 7
      '0000 0008 02000000 0101', // CommandDataSetType: none
    ];
    expect(encodeEchoRequest(7).toString('hex')).toBe(hex(elements.join('')).toString('hex'));
  });

  it('says that a data set follows C-STORE-RQ', () => {
    expect(encodeStoreRequest(1, '1.2', '1.3').toString('hex')).toContain('00000008020000000100');
  });

  it('reads an answer, and refuses one without status', () => {
    const answer = '0000 2001 02000000 0700 0000 0009 02000000 00b0';
    expect(decodeResponse(hex(answer))).toEqual({ messageId: 7, status: 0xb000 });
    expect(() => decodeResponse(hex('0000 2001 02000000 0700'))).toThrow(
      'The receiver answered without MessageID or Status.',
    );
  });

  it('takes a warning for stored, and says what a failure is', () => {
    expect([0x0000, 0xb000, 0xb007, 0xa700, 0xc001].map(isStored)).toEqual([true, true, true, false, false]);
    expect(statusText(0xa701)).toBe('The receiver is out of resources (status 0xA701)');
    expect(statusText(0x0124)).toBe('The receiver does not authorise it (status 0x0124)');
  });
});
