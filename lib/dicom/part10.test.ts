import { describe, expect, it } from 'vitest';
import { fileMetaBytes, readFileHead } from './part10.ts';
import { deriveUid, isValidUid } from './uid.ts';

const meta = {
  MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  MediaStorageSOPInstanceUID: '1.2.3',
  TransferSyntaxUID: '1.2.840.10008.1.2.4.70',
  SourceApplicationEntityTitle: 'CR1',
  SendingApplicationEntityTitle: 'CR1',
  ReceivingApplicationEntityTitle: 'CI2_CD_HIP_FRAC',
};

describe('fileMetaBytes', () => {
  it('is read back', () => {
    const bytes = fileMetaBytes(meta);
    expect(readFileHead(bytes)).toMatchObject({ meta, dataSetOffset: bytes.length, hasMeta: true });
  });

  it('states the length of its group', () => {
    const bytes = fileMetaBytes(meta);
    expect(bytes.toString('latin1', 128, 132)).toBe('DICM');
    expect(bytes.readUInt32LE(140)).toBe(bytes.length - 144);
  });

  it('leaves out what is not known', () => {
    const { SourceApplicationEntityTitle, ...rest } = meta;
    expect(readFileHead(fileMetaBytes(rest)).meta).not.toHaveProperty('SourceApplicationEntityTitle');
  });
});

describe('readFileHead', () => {
  it('reads meta information without a preamble', () => {
    const bytes = fileMetaBytes(meta);
    expect(readFileHead(bytes.subarray(132))).toMatchObject({ meta, dataSetOffset: bytes.length - 132 });
  });

  it('stops at the end of a file cut anywhere', () => {
    const bytes = fileMetaBytes(meta);
    for (let end = 0; end < bytes.length; end++) {
      expect(readFileHead(bytes.subarray(0, end)).dataSetOffset).toBeLessThanOrEqual(end);
    }
  });
});

describe('deriveUid', () => {
  it('follows from its parts, which it keeps apart', () => {
    expect(deriveUid('run', 'step')).toBe(deriveUid('run', 'step'));
    expect(deriveUid('ab', 'c')).not.toBe(deriveUid('a', 'bc'));
    expect(isValidUid(deriveUid('run'))).toBe(true);
  });

  it.each(['', '1', '1.', '1..2', '1.02', 'a.b', `1.${'2'.repeat(63)}`])('calls %j no UID', (uid) => {
    expect(isValidUid(uid)).toBe(false);
  });
});
