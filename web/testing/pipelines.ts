import { Evaluation } from '../../schemas/evaluation.ts';
import { Pipeline } from '../../schemas/pipeline.ts';

/** The pipeline of the made-up runs: hip fracture detection with three steps. */
export const HIP_PIPELINE = Pipeline.parse({
  name: 'hip-fracture-detection',
  version: '1.0.0',
  title: 'Hip fracture detection',
  calledAETitle: 'CI2_CD_HIP_FRAC',
  quietSeconds: 60,
  admits: { SOPClassUID: ['1.2.840.10008.5.1.4.1.1.1'] },
  models: { detector: { name: 'hip-fracture', version: '1.0.0' } },
  steps: [
    { name: 'select', operator: 'series-selector' },
    { name: 'infer', operator: 'infer-detection', needs: ['select'], models: { detector: 'detector' } },
    { name: 'publish', operator: 'publish-results', needs: ['infer'] },
  ],
});

/** A pipeline of segmentations: three structures of the liver. */
export const LIVER_PIPELINE = Pipeline.parse({
  name: 'liver-transplant-segmentation',
  version: '1.0.0',
  title: 'Liver segmentation for transplant',
  calledAETitle: 'CI2_CD_LDN',
  quietSeconds: 600,
  admits: { SOPClassUID: ['1.2.840.10008.5.1.4.1.1.2'] },
  models: { model: { name: 'liver-lobes', version: '1.0.0' } },
  steps: [
    { name: 'select', operator: 'series-selector' },
    { name: 'infer', operator: 'infer-segmentation', needs: ['select'], models: { model: 'model' } },
    { name: 'publish', operator: 'publish-results', needs: ['infer'] },
  ],
});

/** What is asked about a liver: each structure, and the exam. */
export const LIVER_EVALUATION = Evaluation.parse({
  name: LIVER_PIPELINE.name,
  version: '1.0.0',
  title: 'Liver segmentation, reader’s form',
  pipeline: LIVER_PIPELINE.name,
  introduction: 'Judge the outlines on the pictures, or in your own viewer.',
  questions: [
    {
      name: 'outline',
      label: 'Outline',
      per: 'structure',
      kind: 'choice',
      required: true,
      options: [
        { value: 'usable', label: 'Usable as it is' },
        { value: 'minor', label: 'Small corrections' },
        { value: 'major', label: 'Large corrections' },
        { value: 'wrong', label: 'Useless' },
      ],
    },
    { name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' },
  ],
  trend: { structure: 'left-lobe', progression: 0.4, minimumBaselineMl: 1 },
});

/** What is asked about hips, with the model in view: each hip, image and box, and the exam. */
export const HIP_EVALUATION = Evaluation.parse({
  name: HIP_PIPELINE.name,
  version: '1.0.0',
  title: 'Hip fracture, reader’s form',
  pipeline: HIP_PIPELINE.name,
  introduction: 'Answer from the images, not from the model.',
  questions: [
    {
      name: 'read',
      label: 'Your read',
      per: 'hip',
      kind: 'choice',
      required: true,
      options: [
        { value: 'fracture', label: 'Fracture' },
        { value: 'no-fracture', label: 'No fracture' },
        { value: 'hardware', label: 'Hardware' },
        { value: 'uncertain', label: 'Cannot tell' },
      ],
    },
    {
      name: 'image-quality',
      label: 'Image quality',
      per: 'image',
      kind: 'rating',
      required: true,
      from: 1,
      to: 5,
      fromLabel: 'unusable',
      toLabel: 'excellent',
    },
    {
      name: 'box',
      label: 'Box',
      per: 'box',
      kind: 'choice',
      required: true,
      options: [
        { value: 'fits', label: 'Fits' },
        { value: 'misplaced', label: 'Misplaced' },
        { value: 'wrong', label: 'Not a hip' },
      ],
    },
    { name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' },
  ],
});

/** Blinded reads of three segmentations of a liver. */
export const BLINDED_EVALUATION = Evaluation.parse({
  name: 'liver-blinded',
  version: '1.0.0',
  title: 'Liver, blinded',
  pipeline: LIVER_PIPELINE.name,
  introduction: 'Judge each by itself.',
  reading: { mode: 'blinded', sources: ['model', 'expert', 'novice'] },
  questions: [
    {
      name: 'outline',
      label: 'Outline',
      per: 'structure',
      kind: 'rating',
      required: true,
      from: 1,
      to: 5,
      fromLabel: 'useless',
      toLabel: 'flawless',
    },
    {
      name: 'plan',
      label: 'Would you plan with it?',
      per: 'exam',
      kind: 'choice',
      required: true,
      options: [
        { value: 'as-it-is', label: 'As it is' },
        { value: 'corrected', label: 'After corrections' },
        { value: 'no', label: 'No' },
      ],
    },
  ],
});
