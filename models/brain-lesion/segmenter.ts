import { openSegmenter, type Segmenter } from '../segmenter.ts';

/** Opens the model of this folder, as its pipeline uses it. */
export const openBrainLesion = (): Promise<Segmenter> => openSegmenter(import.meta.dirname, { units: null });
