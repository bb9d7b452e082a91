import type { z } from 'zod';
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
