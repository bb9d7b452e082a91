import { pelvisWith } from './images.ts';
import { type Case, onlyPelves } from './sentences.ts';

const LONG = 'A'.repeat(65_534);
const SHOWN = 'A'.repeat(64);

export const names: readonly Case[] = [
  [
    'scripts',
    () =>
      pelvisWith({
        PatientName: `<script>alert(1)</script>^'; drop table archive.study; --`,
        StudyDescription: '<script>alert(2)</script>',
        BodyPartExamined: '"><img src=x onerror=alert(3)>',
      }),
    'out-of-scope',
    onlyPelves('BodyPartExamined is ""><img src=x onerror=alert(3)>", StudyDescription is "<script>alert(2)</script>"'),
  ],
  [
    'paths',
    () =>
      pelvisWith({
        PatientID: '../../etc/passwd',
        StationName: '../../../tmp',
        AccessionNumber: '../..',
        BodyPartExamined: '../',
        StudyDescription: '../../x',
      }),
    'out-of-scope',
    onlyPelves('BodyPartExamined is "../", StudyDescription is "../../x"'),
  ],
  [
    'NUL',
    () =>
      pelvisWith({
        PatientName: 'A\0B',
        PatientID: '\0',
        AccessionNumber: 'x\0y',
        StationName: 'A\0B',
        BodyPartExamined: 'CH\0EST',
        StudyDescription: 'PEL\0VIS',
      }),
    'out-of-scope',
    onlyPelves('BodyPartExamined is "CH EST", StudyDescription is "PEL VIS"'),
  ],
  [
    '64 KB',
    () =>
      pelvisWith({
        PatientName: LONG,
        PatientID: LONG,
        StationName: LONG,
        ImageType: LONG,
        BodyPartExamined: LONG,
        StudyDescription: LONG,
      }),
    'out-of-scope',
    onlyPelves(`BodyPartExamined is "${SHOWN}", StudyDescription is "${SHOWN}"`),
  ],
  [
    'ten thousand values',
    () => pelvisWith({ BodyPartExamined: '\\'.repeat(60_000), StudyDescription: 'a\\'.repeat(30_000) }),
    'succeeded',
    null,
  ],
  [
    'text that turns round',
    () =>
      pelvisWith({
        SpecificCharacterSet: 'ISO_IR 192',
        PatientName: Buffer.from('\u202eenaJ^eoD'),
        StudyDescription: Buffer.from('\u202eSIVLEP\u200f'),
        BodyPartExamined: 'X',
      }),
    'out-of-scope',
    onlyPelves('BodyPartExamined is "X", StudyDescription is " SIVLEP "'),
  ],
  [
    'text in no character set',
    () =>
      pelvisWith({
        SpecificCharacterSet: 'ISO_IR 192',
        PatientName: Buffer.from([0xff, 0xed, 0xa0, 0x80]),
        StudyDescription: Buffer.from([0xc0, 0x80]),
        BodyPartExamined: 'X',
      }),
    'out-of-scope',
    onlyPelves('BodyPartExamined is "X", StudyDescription is "\ufffd\ufffd"'),
  ],
  [
    'wildcards',
    () => pelvisWith({ PatientID: '*%_?', IssuerOfPatientID: '%', AccessionNumber: '*', StudyDescription: 'PEL*' }),
    'succeeded',
    null,
  ],
];
