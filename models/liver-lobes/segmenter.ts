import { openSegmenter, type Segmenter } from '../segmenter.ts';

const LOBE = { largestComponent: true, fillHoles: true, smallestMl: 0 };

/** Opens the model of this folder, as its pipeline uses it. */
export const openLiverLobes = (): Promise<Segmenter> =>
  openSegmenter(import.meta.dirname, {
    units: 'HU',
    tidied: {
      'left-lobe': LOBE,
      'right-lobe': LOBE,
      vessels: { largestComponent: false, fillHoles: false, smallestMl: 0.2 },
    },
  });
