import { z } from 'zod';
import { Sha256, Slug, Uid } from './scalars.ts';
import { LeftOut } from './series-index.ts';

/** Voxels along i (columns), j (rows) and k (slices); i varies fastest in memory. */
export const GridSize = z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]);

/**
 * Index (i, j, k) of a voxel's centre → position in mm, LPS: three rows of four, the last number of each the shift.
 * `x = a[0]·i + a[1]·j + a[2]·k + a[3]`, and so on.
 */
export const Affine = z.array(z.number()).length(12);

/** Where the voxels of a volume lie in the patient. */
export const Grid = z.object({ size: GridSize, affine: Affine });
export type Grid = z.infer<typeof Grid>;

/** One slice of a volume: where it came from. */
export const SourceSlice = z.object({
  /** Of the file. */
  sha256: Sha256,
  SOPInstanceUID: Uid,
  SOPClassUID: Uid,
  /** From 1; 1 for a single-frame image. */
  frame: z.int().positive(),
});
export type SourceSlice = z.infer<typeof SourceSlice>;

/** One series as dicom-reader leaves it: voxels in `file`, an uncompressed NIfTI-1 with the same grid (there in RAS). */
export const Volume = z.object({
  /** Which input of the model it is for: the name that the selector gave it. */
  input: Slug,
  /** Name among the output `pixels`. */
  file: z.string(),
  StudyInstanceUID: Uid,
  SeriesInstanceUID: Uid,
  FrameOfReferenceUID: Uid.nullable(),
  Modality: z.string(),
  grid: Grid,
  /** One for each k, in order. Empty where the voxels were resampled from the slices (a tilted gantry). */
  slices: z.array(SourceSlice),
  /** What the values are after rescale: HU for CT, else null (arbitrary). */
  units: z.literal('HU').nullable(),
  lossy: z.boolean(),
  /** Sentences for the reader. */
  notes: z.array(z.string()),
});
export type Volume = z.infer<typeof Volume>;

/** Output `images` of dicom-reader for volumes. */
export const VolumeSet = z.object({
  kind: z.literal('volumes'),
  volumes: z.array(Volume).min(1),
  leftOut: z.array(LeftOut),
});
export type VolumeSet = z.infer<typeof VolumeSet>;

/** What was done to a volume on its way to the model, in order, with the numbers: enough to do it again. */
export const PreparedStep = z.object({ does: z.string(), with: z.record(z.string(), z.unknown()) });
export type PreparedStep = z.infer<typeof PreparedStep>;

/**
 * Output `prepared` of preprocess for a segmentation model. The tensor (output `tensors`, one file `tensor.f32`) is
 * 32-bit little-endian floats [channel, k, j, i] on `grid`.
 */
export const PreparedVolume = z.object({
  kind: z.literal('volume'),
  file: z.string(),
  grid: Grid,
  /** In the order of the tensor. */
  channels: z.array(z.object({ input: Slug, SeriesInstanceUID: Uid, steps: z.array(PreparedStep) })).min(1),
  /** The input on whose grid the segmentation goes out. */
  reference: Slug,
});
export type PreparedVolume = z.infer<typeof PreparedVolume>;

/** A coded concept (PS3.3 8.8). */
export const Code = z.object({ value: z.string(), scheme: z.string(), meaning: z.string() });
export type Code = z.infer<typeof Code>;

/** A structure of a label map. */
export const Structure = z.object({
  /** Value in the label map. */
  label: z.int().min(1).max(255),
  name: Slug,
  title: z.string(),
  category: Code,
  type: Code,
  /** CIELab is made of it where DICOM wants that. */
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
});
export type Structure = z.infer<typeof Structure>;

/**
 * A label map: output `segmentation` of infer-segmentation (on the grid of the tensor) and of postprocess (on the grid
 * of the reference volume). Its voxels lie beside it in the output `labels` as `file`, an uncompressed NIfTI-1 of
 * unsigned bytes.
 */
export const Segmentation = z.object({
  file: z.string(),
  grid: Grid,
  structures: z.array(Structure).min(1),
  /** The input whose grid it is on; null on the grid of the tensor. */
  reference: Slug.nullable(),
  /** Null where a person made it. */
  model: z.object({ name: z.string(), version: z.string(), sha256: Sha256, title: z.string() }).nullable(),
  /** What the person made it with. */
  tool: z.string().optional(),
  /** By the pixels: class → probability, where the model tells. */
  scope: z.record(z.string(), z.number()).nullable(),
  steps: z.array(PreparedStep),
});
export type Segmentation = z.infer<typeof Segmentation>;

/** What volume-calculator says of a structure. */
export const StructureVolume = z.object({
  name: Slug,
  title: z.string(),
  volumeMl: z.number().nonnegative(),
  voxels: z.int().nonnegative(),
  /** False where it touches the first or last slice: part of it may lie outside. */
  complete: z.boolean(),
  /** Of the structures that make up a whole (the lobes of a liver), where the pipeline names them. */
  percentOfTotal: z.number().min(0).max(100).optional(),
});
export type StructureVolume = z.infer<typeof StructureVolume>;

/** Output `measurements` of volume-calculator. */
export const VolumeMeasurements = z.object({
  SeriesInstanceUID: Uid,
  /** mL of one voxel. */
  voxelMl: z.number().positive(),
  structures: z.array(StructureVolume).min(1),
  /** Sentences for the reader. */
  notes: z.array(z.string()),
});
export type VolumeMeasurements = z.infer<typeof VolumeMeasurements>;

/** How far a structure of one segmentation is from the same structure of another, `original`, on the same grid. */
export const StructureChange = z.object({
  name: Slug,
  title: z.string(),
  /** Twice the common voxels over the sum of both, 0..1; 1 where both are empty. */
  dice: z.number().min(0).max(1),
  /** The greater of the two directed 95th percentiles of the distance between the surfaces, mm; null where one is empty. */
  surfaceDistance95Mm: z.number().nonnegative().nullable(),
  originalMl: z.number().nonnegative(),
  volumeMl: z.number().nonnegative(),
  /** Voxels that are in one of the two alone. */
  changedVoxels: z.int().nonnegative(),
});
export type StructureChange = z.infer<typeof StructureChange>;

/** Output `comparison` of compare-segmentation. */
export const SegmentationComparison = z.object({ structures: z.array(StructureChange).min(1) });
export type SegmentationComparison = z.infer<typeof SegmentationComparison>;
