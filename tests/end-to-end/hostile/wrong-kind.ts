import { chestWith, pelvisWith, realFile } from './images.ts';
import { type Case, MADE_FOR, notAdmitted, notSelected, onlyPelves } from './sentences.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

export const wrongKind: readonly Case[] = [
  [
    'a chest',
    () => chestWith({ StudyDescription: 'CHEST' }),
    'out-of-scope',
    onlyPelves('BodyPartExamined is "CHEST", StudyDescription is "CHEST"'),
  ],
  ['a CT', () => pelvisWith({ SOPClassUID: CT, Modality: 'CT' }), 'out-of-scope', notAdmitted('CT Image Storage')],
  [
    'a CT that says it is a radiograph',
    () => pelvisWith({ Modality: 'CT' }),
    'out-of-scope',
    notSelected('Modality is "CT": only radiographs are read (Modality CR or DX).'),
  ],
  [
    'a secondary capture',
    () => pelvisWith({ SOPClassUID: SECONDARY_CAPTURE }),
    'out-of-scope',
    notAdmitted('Secondary Capture Image Storage'),
  ],
  [
    'a private SOP class',
    () => pelvisWith({ SOPClassUID: '1.3.6.1.4.1.99999.1' }),
    'out-of-scope',
    notAdmitted('unknown SOP class 1.3.6.1.4.1.99999.1'),
  ],
  [
    'a chest relabelled PELVIS',
    () => chestWith({ BodyPartExamined: 'PELVIS' }),
    'out-of-scope',
    `By its pixels the image is not ${MADE_FOR}`,
  ],
];

/** The same and more with real files. */
export const real: readonly Case[] = [
  [
    'a chest',
    () => realFile('09-seg-sr-rt/highdicom/dx_image.dcm'),
    'out-of-scope',
    onlyPelves('BodyPartExamined is "THORAX", SeriesDescription is "CHEST", ProtocolName is "RT"'),
  ],
  [
    'a chest relabelled PELVIS',
    () => realFile('09-seg-sr-rt/highdicom/dx_image.dcm', { StudyDescription: 'PELVIS', BodyPartExamined: 'PELVIS' }),
    'out-of-scope',
    `By its pixels the image is not ${MADE_FOR}`,
  ],
  ['a CT', () => realFile('12-pydicom-test-files/CT_small.dcm'), 'out-of-scope', notAdmitted('CT Image Storage')],
  [
    'another vendor’s result as secondary capture',
    () => realFile('12-pydicom-test-files/SC_rgb_small_odd.dcm'),
    'out-of-scope',
    notAdmitted('Secondary Capture Image Storage'),
  ],
  [
    'another vendor’s segmentation',
    () => realFile('09-seg-sr-rt/highdicom/seg_image_cr_binary.dcm'),
    'out-of-scope',
    notAdmitted('Segmentation Storage'),
  ],
  [
    'a report',
    () => realFile('12-pydicom-test-files/test-SR.dcm'),
    'out-of-scope',
    notAdmitted('Comprehensive SR Storage'),
  ],
];
