import { NiftiError, readNifti } from '../../lib/imaging/nifti.ts';
import { sameGrid, type Volume3D } from '../../lib/imaging/volume.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import type { Segmentation, Volume, VolumeSet } from '../../schemas/volume.ts';
import type { InputFile } from './define.ts';
import { readNamed } from './radiographs.ts';

/** The voxels of a volume, from the files beside its list. @throws {ProblemError} missing, no NIfTI, or on another grid */
export async function readVoxels(
  files: readonly InputFile[],
  { file, grid }: Pick<Volume, 'file' | 'grid'>,
): Promise<Volume3D> {
  const bytes = await readNamed(files, file);
  try {
    const { values, grid: stored } = readNifti(bytes);
    // NIfTI keeps 32-bit numbers: far from the origin that is a few hundredths of a mm.
    if (!sameGrid(stored, grid, 0.1)) throw unprocessable(`${file} lies elsewhere than its list says.`);
    return { grid, values };
  } catch (error) {
    if (error instanceof NiftiError) throw unprocessable(`${file} cannot be read. ${error.message}`, error);
    throw error;
  }
}

/** The label map of a segmentation. @throws {ProblemError} as `readVoxels`, or not of unsigned bytes */
export async function readLabels(
  files: readonly InputFile[],
  segmentation: Segmentation,
): Promise<Volume3D<Uint8Array>> {
  const { grid, values } = await readVoxels(files, segmentation);
  if (values instanceof Uint8Array) return { grid, values };
  throw unprocessable(`${segmentation.file} is no label map: its voxels are not unsigned bytes.`);
}

/** The volume that a segmentation lies on, or that a model's input is. @throws {ProblemError} there is none of that name */
export function volumeNamed({ volumes }: VolumeSet, input: string | null): Volume {
  const volume = volumes.find((candidate) => candidate.input === input);
  if (volume !== undefined) return volume;
  throw unprocessable(`There is no volume for the input ${input ?? 'of the tensor'}.`);
}
