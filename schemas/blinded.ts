import { z } from 'zod';
import { Instant, Sha256, Slug, Uid } from './scalars.ts';
import { StructureVolume } from './volume.ts';

/** A structure of a segmentation that blinded readers judge. */
export const CopiedStructure = StructureVolume.pick({
  name: true,
  title: true,
  volumeMl: true,
  voxels: true,
  complete: true,
});
export type CopiedStructure = z.infer<typeof CopiedStructure>;

/** `feedback/<evaluation>/copies/<id>.json`: whose a segmentation is that blinded readers judge. */
export const BlindedCopy = z.object({
  /** What readers know it by. */
  id: Sha256,
  evaluation: Slug,
  studyInstanceUid: Uid,
  /** `model`, or where what was brought in comes from. */
  source: Slug,
  /** The run whose segmentation it is. */
  run: Sha256,
  structures: z.array(CopiedStructure),
  /** Of the copy's file. */
  sha256: Sha256,
  createdAt: Instant,
});
export type BlindedCopy = z.infer<typeof BlindedCopy>;
