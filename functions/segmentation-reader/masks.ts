import { MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { type ReadRoi, readStructureSet } from '../../lib/dicom/rtstruct/read.ts';
import { RT_STRUCTURE_SET_STORAGE } from '../../lib/dicom/rtstruct/write.ts';
import { maskOf, readSegmentation } from '../../lib/dicom/seg/read.ts';
import { coverRings, fillRings, fromPatient, type Ring } from '../../lib/imaging/contours.ts';
import { NiftiError, readNifti } from '../../lib/imaging/nifti.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { orientationOf, sameGrid, type Voxels } from '../../lib/imaging/volume.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import type { Grid, Volume } from '../../schemas/volume.ts';

/** NIfTI keeps 32-bit numbers, and tools round: voxels may lie this far from the image's, mm. */
const MOST_DEVIATION_MM = 0.1;

/** An outline lies on the slice that is this near, in slices. */
const NEAR_SLICE = 0.25;

/** Masks of a file made elsewhere, by what the file calls them. */
export interface Masks {
  readonly names: readonly string[];
  /** 1 where the structure is, on the grid of the image. @throws {ProblemError} it does not fit the image */
  mask(name: string): Promise<Uint8Array>;
}

/** Whom and what the images show, to hold a DICOM file against. */
export interface Identity {
  readonly PatientID: string;
  readonly IssuerOfPatientID: string;
  readonly StudyInstanceUID: string;
}

/**
 * Opens a segmentation: DICOM SEG, RT Structure Set, or NIfTI label map, by its content.
 *
 * @throws {ProblemError} none of the three; of another patient, study, frame of reference or place than the images
 */
export function openMasks(bytes: Buffer, volume: Volume, identity: Identity): Masks {
  try {
    if (isNifti(bytes)) return niftiMasks(bytes, volume.grid);
    const { dataset } = readPart10(bytes, { untilPixelData: true });
    refuseOthers(identity, {
      PatientID: dataset.text('PatientID') ?? '',
      IssuerOfPatientID: dataset.text('IssuerOfPatientID') ?? '',
      StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    });
    // By its class: viewers write contours with the Modality of a segmentation.
    const isStructureSet = dataset.text('SOPClassUID') === RT_STRUCTURE_SET_STORAGE;
    return isStructureSet ? roiMasks(bytes, volume) : segmentMasks(bytes, volume);
  } catch (error) {
    if (error instanceof MalformedDicomError) {
      throw unprocessable('The file is neither a DICOM segmentation or structure set nor a NIfTI label map.', error);
    }
    throw refused(error);
  }
}

function refused(error: unknown): unknown {
  const isRefusal = error instanceof UnfitObjectError || error instanceof NiftiError;
  return isRefusal ? unprocessable(error.message, error) : error;
}

function isNifti(bytes: Buffer): boolean {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (
    isGzip ||
    [348, 540].some((size) => bytes.length > 4 && (bytes.readInt32LE(0) === size || bytes.readInt32BE(0) === size))
  );
}

/** @throws {ProblemError} */
function refuseOthers(images: Identity, file: Identity): void {
  // Viewers repeat PatientID and leave its issuer out: within one exam that is no other patient.
  const sameIssuer = ['', images.IssuerOfPatientID].includes(file.IssuerOfPatientID);
  if (!sameIssuer || images.PatientID !== file.PatientID || images.PatientID === '') {
    throw unprocessable(
      'The segmentation must be of the patient of the images; its identification is another one, or empty.',
    );
  }
  if (images.StudyInstanceUID !== file.StudyInstanceUID) {
    throw unprocessable('The segmentation must be of the exam of the images; it names another one.');
  }
}

function segmentMasks(bytes: Buffer, { grid, FrameOfReferenceUID }: Volume): Masks {
  const read = readSegmentation(bytes);
  return {
    names: read.segments.map(({ label }) => label),
    mask: async (name) => {
      const segment = read.segments.find(({ label }) => label === name);
      if (segment === undefined) return new Uint8Array(countOf(grid));
      try {
        return (await maskOf(read, segment.number, { grid, FrameOfReferenceUID })).voxels;
      } catch (error) {
        throw refused(error);
      }
    },
  };
}

function roiMasks(bytes: Buffer, { grid, FrameOfReferenceUID }: Volume): Masks {
  const { rois } = readStructureSet(bytes);
  return {
    names: rois.map(({ name }) => name),
    mask: async (name) => {
      const mask = new Uint8Array(countOf(grid));
      const roi = rois.find((one) => one.name === name);
      if (roi === undefined) return mask;
      if (roi.FrameOfReferenceUID !== FrameOfReferenceUID) {
        throw unprocessable('The structure set must be in the frame of reference of the images; it is in another one.');
      }
      const [columns, rows] = grid.size;
      for (const [k, rings] of ringsBySlice(roi, grid)) {
        const slice = mask.subarray(k * columns * rows, (k + 1) * columns * rows);
        fillRings(slice, columns, rings);
        coverRings(slice, columns, rings);
      }
      return mask;
    },
  };
}

function ringsBySlice({ contours, name }: ReadRoi, grid: Grid): Map<number, Ring[]> {
  const bySlice = new Map<number, Ring[]>();
  for (const { points, ContourGeometricType } of contours) {
    if (ContourGeometricType.startsWith('POINT') || ContourGeometricType.startsWith('OPEN')) continue;
    const { k, ring } = fromPatient(grid, points);
    const slice = Math.round(k);
    if (Math.abs(k - slice) > NEAR_SLICE || slice < 0 || slice >= grid.size[2]) {
      throw unprocessable(`Outlines must lie on slices of the images; one of "${name}" lies beside them.`);
    }
    bySlice.set(slice, [...(bySlice.get(slice) ?? []), ring]);
  }
  return bySlice;
}

function niftiMasks(bytes: Buffer, grid: Grid): Masks {
  const given = readNifti(bytes);
  // Tools store rows and slices in another order than the images have them: the place in the patient decides.
  const map = reorient(given, orientationOf(grid));
  if (!sameGrid(map.grid, grid, MOST_DEVIATION_MM)) {
    throw unprocessable(
      `The label map must lie on the voxels of the images, ${grid.size.join(' × ')}; its ${given.grid.size.join(' × ')} voxels lie elsewhere.`,
    );
  }
  const found = new Set<number>();
  for (const value of map.values) if (value !== 0) found.add(Number(value));
  if (found.size > 255 || [...found].some((value) => !Number.isInteger(value))) {
    throw unprocessable('The NIfTI file must be a label map; its values are those of an image.');
  }
  return {
    names: [...found].sort((a, b) => a - b).map(String),
    mask: async (name) => maskOfLabel(map.values, Number(name)),
  };
}

/** A plain loop: there may be hundreds of millions of voxels. */
function maskOfLabel(values: Voxels, label: number): Uint8Array {
  const mask = new Uint8Array(values.length);
  for (let at = 0; at < mask.length; at++) if (values[at] === label) mask[at] = 1;
  return mask;
}

const countOf = ({ size: [columns, rows, slices] }: Grid) => columns * rows * slices;
