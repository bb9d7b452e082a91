import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deriveUid } from '../lib/dicom/uid.ts';
import { type Elements, writePart10 } from '../lib/dicom/write.ts';
import type { PhantomVolume } from './volume.ts';

/** Whose exam a series belongs to. Nobody's: the names say what the phantom is. */
export interface ExamIdentity {
  /** The same seed gives the same StudyInstanceUID. Every series of one exam has the same. */
  seed: string;
  /** 1, 2, 3 … Exams of one patient share it. */
  patient: number;
  /** Last part of PatientName: `Phantom^Brain`. */
  name: string;
  /** `YYYYMMDD`, and `HHMMSS`. */
  studyDate: string;
  studyTime?: string;
  studyDescription: string;
  /** AccessionNumber; of the patient's number and the date unless given. */
  accession?: string;
  /** Exams of one patient whose coordinates agree may share it; else it is the study's own. */
  frameOfReference?: string;
}

/** How an MR series was made, as far as headers tell (ms, T). */
export interface MrAcquisition {
  modality: 'MR';
  repetitionTime: number;
  echoTime: number;
  inversionTime?: number;
  flipAngle?: number;
  echoTrainLength?: number;
  scanningSequence: 'SE' | 'GR' | readonly ['SE', 'IR'] | readonly ['GR', 'IR'];
  acquisitionType?: '2D' | '3D';
  fieldStrength?: number;
}

/** How a CT series was made. Values of the volume are HU. */
export interface CtAcquisition {
  modality: 'CT';
  kvp?: number;
  kernel?: string;
  /** Degrees; said in the header only where the slices' positions are sheared to it. */
  gantryTilt?: number;
}

/** One series of an exam: a phantom of any orientation and spacing, and what its headers say. */
export interface PhantomSeries {
  exam: ExamIdentity;
  /** From 1, each its own in an exam. UIDs are derived from it and the exam's seed. */
  number: number;
  description: string;
  bodyPart: 'HEAD' | 'ABDOMEN' | 'CHEST' | 'PELVIS';
  acquisition: MrAcquisition | CtAcquisition;
  /**
   * Column, row and slice axes are those of the stored images, whatever their direction: an affine whose third column
   * points to the feet makes an exam that runs to the feet. The third column need not be perpendicular (a tilted gantry).
   */
  volume: PhantomVolume<Int16Array | Uint16Array>;
  /** ContrastBolusAgent, where one was given. */
  contrastAgent?: string;
  /** Which of the slices has InstanceNumber 1. */
  numberedFrom?: 'first' | 'last';
}

export interface WrittenSeries {
  studyInstanceUid: string;
  seriesInstanceUid: string;
  /** One for each k, in order. */
  files: string[];
}

const SOP_CLASSES = { MR: '1.2.840.10008.5.1.4.1.1.4', CT: '1.2.840.10008.5.1.4.1.1.2' } as const;

/** Pixels of the slices one after another, in the order of k. */
export type SlicePixels = Iterable<Int16Array | Uint16Array>;

/**
 * Writes a series as `<folder>/<series number>-<slice>.dcm`, slices from 1 in the order of k.
 *
 * @param slices made one by one, where the whole volume is too large to hold; its `values` may be empty then
 */
export async function writeSeries(folder: string, series: PhantomSeries, slices?: SlicePixels): Promise<WrittenSeries> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const bytes of seriesToDicom(series, slices)) {
    const file = path.join(folder, `${series.number}-${String(files.length + 1).padStart(4, '0')}.dcm`);
    await writeFile(file, bytes);
    files.push(file);
  }
  return { ...uidsOf(series), files };
}

/** A series as Part 10 files, one for each k: MR or CT Image Storage (PS3.3 A.4, A.3), Explicit VR Little Endian. */
export function* seriesToDicom(series: PhantomSeries, slices: SlicePixels = slicesOf(series)): Generator<Buffer> {
  const shared = sharedElements(series);
  let k = 0;
  for (const pixels of slices) yield writePart10({ ...shared, ...sliceElements(series, k++), PixelData: pixels });
}

function* slicesOf({ volume: { grid, values } }: PhantomSeries): Generator<Int16Array | Uint16Array> {
  const [columns, rows, slices] = grid.size;
  for (let k = 0; k < slices; k++) yield values.subarray(k * columns * rows, (k + 1) * columns * rows);
}

function uidsOf({ exam, number }: PhantomSeries): { studyInstanceUid: string; seriesInstanceUid: string } {
  return {
    studyInstanceUid: deriveUid('phantom', exam.seed, 'study'),
    seriesInstanceUid: deriveUid('phantom', exam.seed, 'series', String(number)),
  };
}

function sharedElements(series: PhantomSeries): Elements {
  const { exam, number, description, bodyPart, acquisition, contrastAgent } = series;
  const { studyInstanceUid, seriesInstanceUid } = uidsOf(series);
  const patient = String(exam.patient).padStart(4, '0');
  const time = exam.studyTime ?? '080000';
  const { modality } = acquisition;
  return {
    SOPClassUID: SOP_CLASSES[modality],
    PatientName: `Phantom^${exam.name}`,
    PatientID: `PHANTOM-${patient}`,
    IssuerOfPatientID: 'OVERREAD PHANTOMS',
    PatientBirthDate: '',
    PatientSex: 'O',
    StudyInstanceUID: studyInstanceUid,
    StudyID: patient,
    StudyDate: exam.studyDate,
    StudyTime: time,
    StudyDescription: exam.studyDescription,
    AccessionNumber: exam.accession ?? `PH${patient}${exam.studyDate}`,
    ReferringPhysicianName: '',
    SeriesInstanceUID: seriesInstanceUid,
    SeriesNumber: String(number),
    SeriesDate: exam.studyDate,
    SeriesTime: time,
    AcquisitionDate: exam.studyDate,
    AcquisitionTime: time,
    ContentDate: exam.studyDate,
    ContentTime: time,
    SeriesDescription: description,
    ProtocolName: description,
    Modality: modality,
    BodyPartExamined: bodyPart,
    PatientPosition: 'HFS',
    Manufacturer: 'Overread',
    ManufacturerModelName: 'Phantom',
    StationName: 'PHANTOM',
    DeviceSerialNumber: '1',
    SoftwareVersions: '1',
    FrameOfReferenceUID: deriveUid('phantom', exam.frameOfReference ?? exam.seed, 'frame of reference'),
    PositionReferenceIndicator: '',
    ...(contrastAgent === undefined ? {} : { ContrastBolusAgent: contrastAgent }),
    ...(acquisition.modality === 'MR' ? mrElements(acquisition) : ctElements(acquisition)),
    ...geometryElements(series.volume),
    ...pixelElements(series),
  };
}

function mrElements(acquisition: MrAcquisition): Elements {
  const { scanningSequence, inversionTime, flipAngle = 90, echoTrainLength = 1, fieldStrength = 3 } = acquisition;
  return {
    ImageType: ['ORIGINAL', 'PRIMARY', 'M'],
    ScanningSequence: [scanningSequence].flat(),
    SequenceVariant: 'NONE',
    ScanOptions: '',
    MRAcquisitionType: acquisition.acquisitionType ?? '3D',
    RepetitionTime: decimal(acquisition.repetitionTime),
    EchoTime: decimal(acquisition.echoTime),
    EchoTrainLength: String(echoTrainLength),
    EchoNumbers: '1',
    FlipAngle: decimal(flipAngle),
    MagneticFieldStrength: decimal(fieldStrength),
    ImagedNucleus: '1H',
    ...(inversionTime === undefined ? {} : { InversionTime: decimal(inversionTime) }),
  };
}

function ctElements({ kvp = 120, kernel = 'STANDARD', gantryTilt }: CtAcquisition): Elements {
  return {
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    KVP: decimal(kvp),
    ConvolutionKernel: kernel,
    AcquisitionNumber: '1',
    ScanOptions: 'HELICAL MODE',
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'HU',
    ...(gantryTilt === undefined ? {} : { GantryDetectorTilt: decimal(gantryTilt) }),
  };
}

function geometryElements({ grid: { affine } }: PhantomVolume): Elements {
  const [columns, rows, slices] = [column(affine, 0), column(affine, 1), column(affine, 2)];
  const spacing = { column: Math.hypot(...columns), row: Math.hypot(...rows) };
  const direction = [...columns.map((part) => part / spacing.column), ...rows.map((part) => part / spacing.row)];
  return {
    // Along the row direction first: the distance between rows (PS3.3 10.7.1.3).
    PixelSpacing: [decimal(spacing.row), decimal(spacing.column)],
    ImageOrientationPatient: direction.map(decimal),
    SliceThickness: decimal(Math.hypot(...slices)),
  };
}

function sliceElements(series: PhantomSeries, k: number): Elements {
  const { exam, number, volume, numberedFrom } = series;
  const slices = volume.grid.size[2];
  const origin = column(volume.grid.affine, 3);
  const step = column(volume.grid.affine, 2);
  const instance = numberedFrom === 'last' ? slices - k : k + 1;
  return {
    SOPInstanceUID: deriveUid('phantom', exam.seed, 'instance', String(number), String(k)),
    InstanceNumber: String(instance),
    ImagePositionPatient: origin.map((part, axis) => decimal(part + k * (step[axis] ?? 0))),
  };
}

function pixelElements({ volume, acquisition }: PhantomSeries): Elements {
  const [columns, rows] = volume.grid.size;
  const signed = volume.values instanceof Int16Array;
  const window = acquisition.modality === 'CT' ? { centre: 60, width: 400 } : brightnessWindow(volume.values);
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: signed ? 1 : 0,
    WindowCenter: decimal(window.centre),
    WindowWidth: decimal(window.width),
  };
}

/** From nothing to the brightest of all but one in a hundred voxels. */
function brightnessWindow(values: Int16Array | Uint16Array): { centre: number; width: number } {
  const sample = Uint16Array.from({ length: Math.min(values.length, 20_000) }, (_, n) =>
    Math.max(0, values[Math.floor((n * values.length) / Math.min(values.length, 20_000))] ?? 0),
  ).sort();
  const top = Math.max(2, sample[Math.floor(sample.length * 0.99)] ?? 2);
  return { centre: top / 2, width: top };
}

const column = (affine: readonly number[], axis: number): number[] =>
  [0, 1, 2].map((row) => affine[row * 4 + axis] ?? 0);

/** A number as DS: at most 16 characters. */
export function decimal(value: number): string {
  for (let digits = 12; digits >= 0; digits--) {
    const text = digits === 0 ? value.toFixed(0) : value.toFixed(digits).replace(/\.?0+$/, '');
    if (text.length <= 16) return text === '-0' ? '0' : text;
  }
  throw new Error(`A decimal string has at most 16 characters; found ${value}.`);
}
