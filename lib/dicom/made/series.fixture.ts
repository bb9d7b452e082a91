/** Exams for the tests of the objects that we make: CT series in every way that slices lie, and segments in them. */
import type { Grid } from '../../../schemas/volume.ts';
import { readPart10 } from '../dataset.ts';
import type { SegmentToWrite } from '../seg/write.ts';
import { deriveUid } from '../uid.ts';
import { type Elements, writePart10 } from '../write.ts';
import { type Exam, examOf } from './exam.ts';
import type { Algorithm, MadeObject, Reference } from './object.ts';
import { planesOf } from './plane.ts';
import { plus, type Vector } from './vector.ts';

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

type Axes = readonly [Vector, Vector, Vector];

const AXIAL: Axes = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Columns, rows and slices; spacing along each in mm; where they point to. */
function gridOf(size: Grid['size'], spacing: Vector, origin: Vector, axes: Axes): Grid {
  const rows = [0, 1, 2].flatMap((row) => [
    ...axes.map((axis, column) => (axis[row] ?? 0) * (spacing[column] ?? 0)),
    origin[row] ?? 0,
  ]);
  return { size, affine: rows };
}

/** 35° about an axis that is none of the patient's. */
function oblique(): Axes {
  const angle = (35 * Math.PI) / 180;
  const [x, y, z] = [1 / Math.sqrt(14), 2 / Math.sqrt(14), 3 / Math.sqrt(14)];
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const d = 1 - c;
  const column = (...v: [number, number, number]): Vector => v;
  return [
    column(c + x * x * d, y * x * d + z * s, z * x * d - y * s),
    column(x * y * d - z * s, c + y * y * d, z * y * d + x * s),
    column(x * z * d + y * s, y * z * d - x * s, c + z * z * d),
  ];
}

/** How slices can lie. `reversed`: the next slice is on the other side than rows × columns point to. */
export const GRIDS: Readonly<Record<string, Grid>> = {
  axial: gridOf([37, 29, 21], [1.5, 1.5, 1.5], [-30.25, -20.5, 100.125], AXIAL),
  sagittal: gridOf(
    [37, 29, 21],
    [1.5, 1.5, 1.5],
    [12, -25, 40],
    [
      [0, 1, 0],
      [0, 0, -1],
      [-1, 0, 0],
    ],
  ),
  coronal: gridOf(
    [37, 29, 21],
    [1.5, 1.5, 1.5],
    [-30, 15, 40],
    [
      [1, 0, 0],
      [0, 0, -1],
      [0, 1, 0],
    ],
  ),
  oblique: gridOf([37, 29, 21], [1.5, 1.5, 1.5], [-10.123456, 20.654321, -33.333333], oblique()),
  reversed: gridOf(
    [37, 29, 21],
    [1.5, 1.5, 1.5],
    [-30.25, -20.5, 100.125],
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ],
  ),
  anisotropic: gridOf([37, 29, 21], [0.7, 1.3, 4.9], [-30, -20, 100], AXIAL),
  'one slice': gridOf([37, 29, 1], [1.5, 1.5, 3], [-30, -20, 100], AXIAL),
};

/** A series of images on the grid, as Part 10 files in the order of k. */
export function seriesOn(
  grid: Grid,
  name: string,
  more: Elements = {},
): { files: Buffer[]; references: Reference[]; exam: Exam } {
  const planes = planesOf(grid);
  const references = Array.from({ length: grid.size[2] }, (_, k) => ({
    SOPClassUID: CT_IMAGE_STORAGE,
    SOPInstanceUID: deriveUid('series fixture', name, String(k)),
  }));
  const files = references.map((reference, k) =>
    writePart10({
      SOPClassUID: reference.SOPClassUID,
      SOPInstanceUID: reference.SOPInstanceUID,
      ...headerOf(name),
      InstanceNumber: k + 1,
      ImagePositionPatient: planes.position(k),
      ImageOrientationPatient: planes.ImageOrientationPatient,
      PixelSpacing: planes.PixelSpacing,
      SliceThickness: planes.spacing,
      Rows: grid.size[1],
      Columns: grid.size[0],
      PixelData: new Uint16Array(grid.size[0] * grid.size[1]).fill(1000 + k),
      ...more,
    }),
  );
  const [first = Buffer.alloc(0)] = files;
  return { files, references, exam: examOf(readPart10(first).dataset) };
}

function headerOf(name: string): Elements {
  return {
    PatientName: 'Phantom^Objects',
    PatientID: 'PHANTOM-OBJECTS',
    IssuerOfPatientID: 'OVERREAD PHANTOMS',
    PatientBirthDate: '',
    PatientSex: 'O',
    StudyInstanceUID: deriveUid('series fixture', name, 'study'),
    SeriesInstanceUID: deriveUid('series fixture', name, 'series'),
    FrameOfReferenceUID: deriveUid('series fixture', name, 'frame of reference'),
    PositionReferenceIndicator: '',
    StudyID: '1',
    StudyDate: '20260105',
    StudyTime: '080000',
    SeriesNumber: 3,
    AccessionNumber: 'PH1',
    ReferringPhysicianName: '',
    Manufacturer: 'Overread',
    Modality: 'CT',
    PatientPosition: 'HFS',
    BodyPartExamined: 'LIVER',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    AcquisitionNumber: 1,
    KVP: 120,
    RescaleIntercept: -1024,
    RescaleSlope: 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
  };
}

/** What found the segments. */
export const ALGORITHM: Algorithm = { type: 'AUTOMATIC', name: 'Test model', version: '1.0.0', parameters: 'sha256 0' };

const TISSUE = { value: '85756007', scheme: 'SCT', meaning: 'Tissue' };
const LIVER = { value: '10200004', scheme: 'SCT', meaning: 'Liver' };

/** A segment of a label map. */
export function segment(label: string, voxels: Uint8Array, value: number): SegmentToWrite {
  const colours = ['#d81e1e', '#1e8ad8', '#2fb344'];
  const colour = colours[value % colours.length] ?? '#d81e1e';
  return { label, category: TISSUE, type: LIVER, colour, voxels, value, trackingUid: deriveUid('segment', label) };
}

/** Voxels of an ellipsoid with a hole: centre and radius in parts of the grid's size. */
export function shell({ size }: Grid, value: number, centre: Vector, radius: number, into?: Uint8Array): Uint8Array {
  const [columns, rows, slices] = size;
  const voxels = into ?? new Uint8Array(columns * rows * slices);
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) {
        const at = plus([(i + 0.5) / columns, (j + 0.5) / rows, (k + 0.5) / slices], centre, -1);
        const distance = Math.hypot(...at) / radius;
        if (distance <= 1 && distance > 0.4) voxels[i + columns * (j + rows * k)] = value;
      }
    }
  }
  return voxels;
}

/** Segments as they can lie to each other. */
export const SEGMENTS: Readonly<Record<string, (grid: Grid) => SegmentToWrite[]>> = {
  'touching segments': (grid) => {
    const voxels = shell(grid, 1, [0.4, 0.45, 0.5], 0.35);
    shell(grid, 2, [0.62, 0.5, 0.5], 0.3, voxels);
    return [segment('first', voxels, 1), segment('second', voxels, 2)];
  },
  'an empty segment': (grid) => {
    const voxels = shell(grid, 1, [0.5, 0.5, 0.5], 0.3);
    return [segment('found', voxels, 1), segment('not found', voxels, 2)];
  },
  'overlapping segments': (grid) => [
    segment('first', shell(grid, 1, [0.4, 0.45, 0.5], 0.35), 1),
    segment('second', shell(grid, 2, [0.55, 0.5, 0.5], 0.35), 2),
  ],
  /** A single voxel, two that touch at a corner, a ring about one voxel, and a corner of the grid. */
  'small parts': (grid) => {
    const [columns, rows, slices] = grid.size;
    const voxels = new Uint8Array(columns * rows * slices);
    const k = Math.floor(slices / 2);
    const set = (i: number, j: number) =>
      voxels.fill(1, i + columns * (j + rows * k), i + columns * (j + rows * k) + 1);
    for (const [i, j] of [
      [5, 5],
      [10, 10],
      [11, 11],
      [columns - 1, rows - 1],
    ] as const)
      set(i, j);
    for (let at = 0; at < 9; at++) if (at !== 4) set(20 + (at % 3), 10 + Math.floor(at / 3));
    return [segment('small', voxels, 1)];
  },
  'nothing at all': (grid) => [segment('not found', new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]), 1)],
};

/** What is new about an object in a test. */
export function madeIn(name: string, kind: string): MadeObject {
  return {
    SOPInstanceUID: deriveUid('made', name, kind),
    SeriesInstanceUID: deriveUid('made', name, kind, 'series'),
    seriesNumber: 9001,
    seriesDescription: `${kind} of ${name}`,
    at: '2026-01-05T08:15:00.000Z',
    softwareVersions: ['test 1.0.0'],
  };
}
