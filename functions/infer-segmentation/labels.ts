import type { Voxels } from '../../lib/imaging/volume.ts';
import type { SegmentationModelCard } from '../../schemas/model.ts';

type Output = Pick<SegmentationModelCard, 'output' | 'structures'>;

/**
 * Labels of a slice, by the card: the greatest of the channels (softmax does not change which one that is, nor do weights
 * that all channels share), or the last channel whose sigmoid is above 0.5 (whose score is above 0). Labels that are no
 * structure of the card become 0.
 *
 * @param sums scores [channel, voxel], each voxel's times any positive weight
 * @param labels where the labels go, one a voxel
 */
export function labelSlice({ output, structures }: Output, sums: Float32Array, labels: Voxels): void {
  const voxels = labels.length;
  const wanted = new Set(structures.map(({ label }) => label));
  const argmax = output.activation === 'softmax';
  const values = Uint8Array.from({ length: output.channels + 1 }, (_, label) => (wanted.has(label) ? label : 0));
  for (let voxel = 0; voxel < voxels; voxel++) {
    let best = argmax ? (sums[voxel] ?? 0) : 0;
    let label = 0;
    for (let channel = argmax ? 1 : 0; channel < output.channels; channel++) {
      const score = sums[channel * voxels + voxel] ?? 0;
      if (argmax ? score > best : score > 0) {
        best = score;
        label = argmax ? channel : channel + 1;
      }
    }
    labels[voxel] = values[label] ?? 0;
  }
}
