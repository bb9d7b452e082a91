import { describe, expect, it } from 'vitest';
import { fileMetaBytes, readFileHead } from '../dicom/part10.ts';
import { type Elements, writePart10 } from '../dicom/write.ts';
import { readFacts } from './facts.ts';
import { identityProblem } from './identity.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';
const IDENTIFIERS = { SOPClassUID: CR, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', SOPInstanceUID: '1.2.3' };
const HEAD = fileMetaBytes({
  MediaStorageSOPClassUID: CR,
  MediaStorageSOPInstanceUID: '1.2.3',
  TransferSyntaxUID: '1.2.840.10008.1.2.1',
});

function image(elements: Elements = {}): Buffer {
  return writePart10({ ...IDENTIFIERS, StudyDescription: 'PELVIS', ...elements });
}

const dataSetOf = (file: Buffer) => file.subarray(readFileHead(file).dataSetOffset);

describe('identityProblem', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['nothing of a sound instance', image(), undefined],
    ['which identifier is missing', image({ SeriesInstanceUID: '' }), 'Its SeriesInstanceUID is missing or not valid.'],
    [
      'that the command names another instance',
      Buffer.concat([HEAD, dataSetOf(image({ SOPInstanceUID: '1.9' }))]),
      'It was sent under another SOPInstanceUID than it states.',
    ],
    [
      'that what came breaks off before',
      image().subarray(0, -20),
      'It breaks off, or is broken, before its end. Its StudyInstanceUID is missing or not valid.',
    ],
    [
      'that what came is no data set',
      Buffer.concat([HEAD, Buffer.alloc(64)]),
      'The file holds no data set that can be read: it has nothing in it. Its StudyInstanceUID is missing or not valid.',
    ],
    [
      'that a whole file was sent as a data set',
      Buffer.concat([HEAD, image()]),
      'It is a whole DICOM file where only its data set belongs: its sender does not speak DICOM. Its StudyInstanceUID is missing or not valid.',
    ],
  ])('says %s', (_, bytes, problem) => {
    expect(identityProblem({ facts: readFacts(bytes, { keywords: [] }) })).toBe(problem);
  });
});
