import { alone, fileOf, pelvisWith, type Sent, withDataSet } from './images.ts';

/** What can belong to no exam, with the reason that the quarantine gives. */
export const unknowable: (readonly [title: string, sent: () => Sent, reason: string, hasStudy: boolean])[] = [
  [
    'a SOPInstanceUID with ..',
    () => pelvisWith({ SOPInstanceUID: '../../../evil' }),
    'Its SOPInstanceUID is missing or not valid.',
    true,
  ],
  [
    'a SOPInstanceUID of 200 characters',
    () => pelvisWith({ SOPInstanceUID: `1.2.${'3'.repeat(196)}` }),
    'Its SOPInstanceUID is missing or not valid.',
    true,
  ],
  [
    'an empty SOPInstanceUID',
    () => pelvisWith({ SOPInstanceUID: '' }),
    'Its SOPInstanceUID is missing or not valid.',
    true,
  ],
  [
    'a SeriesInstanceUID with /',
    () => pelvisWith({ SeriesInstanceUID: '1.2/3' }),
    'Its SeriesInstanceUID is missing or not valid.',
    true,
  ],
  [
    'a StudyInstanceUID with ..',
    () => pelvisWith({ StudyInstanceUID: '../../1' }),
    'Its StudyInstanceUID is missing or not valid.',
    false,
  ],
  [
    'a SOP class that is none',
    () => pelvisWith({ SOPClassUID: 'evil' }),
    'Its SOPClassUID is missing or not valid.',
    true,
  ],
  [
    'another SOPInstanceUID in the command',
    () => alone(pelvisWith(), { sopInstance: '1.2.3.4' }),
    'It was sent under another SOPInstanceUID than it states.',
    true,
  ],
  [
    'a path in the command',
    () => alone(pelvisWith(), { sopInstance: '../../x' }),
    'It was sent under another SOPInstanceUID than it states.',
    true,
  ],
  [
    'no byte',
    () => withDataSet(pelvisWith(), () => Buffer.alloc(0)),
    'The file ends after its meta information. Its StudyInstanceUID is missing or not valid.',
    false,
  ],
  [
    'zeros',
    () => withDataSet(pelvisWith(), () => Buffer.alloc(2000)),
    'The file holds no data set that can be read: it has nothing in it. Its StudyInstanceUID is missing or not valid.',
    false,
  ],
  [
    'a file cut short at once',
    () => withDataSet(pelvisWith(), (all) => all.subarray(0, 70)),
    'It breaks off, or is broken, before its end. Its SOPInstanceUID is missing or not valid.',
    false,
  ],
  [
    'a whole file as a data set',
    () => {
      const sent = pelvisWith();
      return withDataSet(sent, () => fileOf(sent));
    },
    'It is a whole DICOM file where only its data set belongs: its sender does not speak DICOM. Its StudyInstanceUID is missing or not valid.',
    false,
  ],
  [
    'a data set that is not deflated as said',
    () => alone(pelvisWith(), { transferSyntax: '1.2.840.10008.1.2.1.99' }),
    'The file holds no data set that can be read: it has a deflated data set that is damaged. Its StudyInstanceUID is missing or not valid.',
    false,
  ],
];
