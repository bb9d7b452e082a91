import { describe, expect, it } from 'vitest';
import { factsOf, type ImageFacts } from './facts.ts';

const AXIAL = [1, 0, 0, 0, 1, 0];
const SAGITTAL = [0, 1, 0, 0, 0, -1];
const CORONAL = [1, 0, 0, 0, 0, -1];

function image(position: readonly number[] | null, given: Partial<ImageFacts> = {}): ImageFacts {
  return {
    orientation: AXIAL,
    position,
    spacing: [0.5, 0.8],
    rows: 400,
    columns: 300,
    thickness: 3,
    EchoTime: null,
    ContrastBolusAgent: null,
    ContrastBolusStartTime: null,
    AcquisitionTime: null,
    ...given,
  };
}

const stack = (places: readonly number[], given: Partial<ImageFacts> = {}) =>
  places.map((z) => image([-100, -100, z], given));

describe('factsOf', () => {
  it('measures spacing and extent from positions, not from SliceThickness', () => {
    expect(factsOf(stack([10, 12, 14, 16]))).toMatchObject({
      images: 4,
      slices: 4,
      imagesPerSlice: 1,
      sliceSpacingMm: 2,
      uniform: true,
      extentMm: 8,
      widthMm: 240,
      heightMm: 200,
      pixelSpacingMm: 0.8,
    });
  });

  it('sees a slice that is missing, in whichever order they come', () => {
    expect(factsOf(stack([18, 10, 12, 16, 20]))).toMatchObject({ slices: 5, sliceSpacingMm: 2, uniform: false });
  });

  it('counts echoes and images at one place', () => {
    const facts = factsOf([...stack([0, 2], { EchoTime: '10' }), ...stack([0, 2], { EchoTime: '20' })]);
    expect(facts).toMatchObject({ images: 4, slices: 2, imagesPerSlice: 2, echoes: 2 });
  });

  it('takes the largest of several stacks, as in a localizer', () => {
    const facts = factsOf([...stack([0], { orientation: CORONAL }), ...stack([0, 5], { orientation: AXIAL })]);
    expect(facts).toMatchObject({ stacks: 2, orientation: 'axial', slices: 2 });
  });

  const turned = (degrees: number) => {
    const [cosine, sine] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    return [1, 0, 0, 0, cosine, sine];
  };
  it.each([
    ['axial', AXIAL, 0],
    ['sagittal', SAGITTAL, 0],
    ['coronal', CORONAL, 0],
    ['axial', turned(20), 20],
    ['oblique', turned(40), 40],
    ['coronal', turned(70), 20],
  ])('calls the plane %s by its geometry', (orientation, cosines, tiltDeg) => {
    expect(factsOf(stack([0, 1], { orientation: cosines }))).toMatchObject({ orientation, tiltDeg });
  });

  it.each([
    ['given', { ContrastBolusAgent: 'Gadovist' }],
    ['none', { ContrastBolusAgent: 'NONE' }],
    ['none', { ContrastBolusAgent: 'ohne' }],
    ['unknown', {}],
  ])('says of contrast agent: %s', (contrast, given) => {
    expect(factsOf(stack([0, 1], given))).toMatchObject({ contrast, contrastDelayS: null });
  });

  it('reckons the delay from the injection', () => {
    const given = { ContrastBolusStartTime: '235930', AcquisitionTime: '235955.5' };
    expect(factsOf(stack([0], given)).contrastDelayS).toBe(25.5);
  });

  it('says what it can of images without geometry', () => {
    const facts = factsOf([image(null, { orientation: null })]);
    expect(facts).toMatchObject({
      images: 1,
      stacks: 0,
      slices: 0,
      orientation: null,
      sliceSpacingMm: null,
      widthMm: 240,
    });
  });
});
