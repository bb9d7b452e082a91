import { describe, expect, it } from 'vitest';
import type { Elements } from '../../lib/dicom/write.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { apply, cross, type Matrix, type Vector } from '../../lib/imaging/affine.ts';
import { toWorld } from '../../lib/imaging/volume.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { readFiles } from './reading.fixture.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const ENHANCED_MR = '1.2.840.10008.5.1.4.1.1.4.1';
const [COLUMNS, ROWS] = [4, 3];

/** A slice at a position, its pixels `value`, `value` + 1 … row by row. */
function slice(position: Vector, value: number, elements: Elements = {}): Buffer {
  const uid = `2.25.${Math.abs(Math.round(position[0] * 7e6 + position[1] * 3e3 + position[2] * 11)) + value + 1}`;
  return writePart10({
    SOPClassUID: CT,
    SOPInstanceUID: uid,
    StudyInstanceUID: '2.25.100',
    SeriesInstanceUID: '2.25.10',
    FrameOfReferenceUID: '2.25.5',
    Modality: 'CT',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    ImagePositionPatient: [...position],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [0.8, 0.5],
    SliceThickness: 99,
    RescaleSlope: 1,
    RescaleIntercept: -1024,
    ...picture(),
    PixelData: Uint16Array.from({ length: ROWS * COLUMNS }, (_, at) => value + at),
    ...elements,
  });
}

function picture(): Elements {
  return {
    Rows: ROWS,
    Columns: COLUMNS,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
  };
}

/** Slices at heights, InstanceNumber against the order, the first pixel of each 100 × its number. */
function axial(heights: readonly number[], elements: (k: number) => Elements = () => ({})): Buffer[] {
  return heights.map((z, k) =>
    slice([-10, 20, z], 100 * (k + 1), { InstanceNumber: heights.length - k, ...elements(k) }),
  );
}

async function refusal(files: readonly Buffer[], parameters = {}) {
  const refused = await readFiles(files, parameters).catch((error: unknown) => error);
  if (!(refused instanceof ProblemError)) throw new Error('it was not refused', { cause: refused });
  return refused.problem;
}

const affineOf = (grid: { affine: number[] }) => grid.affine.map((value) => Number(value.toFixed(6)));

describe('a volume', () => {
  it('has its slices in order of their positions, whatever the order of files and InstanceNumbers', async () => {
    const files = axial([5, -2.5, 0, 2.5]);
    const { volume, voxels } = await readFiles(files);
    expect(volume.grid.size).toEqual([4, 3, 4]);
    expect(affineOf(volume.grid)).toEqual([0.5, 0, 0, -10, 0, 0.8, 0, 20, 0, 0, 2.5, -2.5]);
    expect([0, 12, 24, 36].map((at) => voxels.values[at])).toEqual([200 - 1024, 300 - 1024, 400 - 1024, 100 - 1024]);
    expect(voxels.values[5]).toBe(200 + 5 - 1024);
    expect(volume).toMatchObject({
      input: 'image',
      file: 'image.nii',
      Modality: 'CT',
      units: 'HU',
      FrameOfReferenceUID: '2.25.5',
      notes: [],
      lossy: false,
    });
    expect(volume.slices.map(({ frame }) => frame)).toEqual([1, 1, 1, 1]);
    const again = await readFiles(files.toReversed());
    expect(again.volume).toEqual(volume);
    expect(again.files.get('image.nii')).toEqual((await readFiles(files)).files.get('image.nii'));
  });

  it('lies where its headers say, oblique', async () => {
    const [row, down]: [Vector, Vector] = [
      [0.8, 0.6, 0],
      [-0.48, 0.64, 0.6],
    ];
    const normal = cross(row, down);
    const at = (distance: number): Vector => [
      7 + normal[0] * distance,
      -9 + normal[1] * distance,
      30 + normal[2] * distance,
    ];
    const files = [4, 0, 2].map((distance, k) =>
      slice(at(distance), 10 * k, { ImageOrientationPatient: [...row, ...down], PixelSpacing: [2, 1] }),
    );
    const { volume } = await readFiles(files);
    const place = toWorld(volume.grid, 3, 2, 2);
    [0, 1, 2].forEach((axis) => {
      const expected = (at(4)[axis] ?? 0) + 3 * 1 * (row[axis] ?? 0) + 2 * 2 * (down[axis] ?? 0);
      expect(place[axis]).toBeCloseTo(expected, 5);
    });
  });

  it('of a single slice takes its thickness, and says so', async () => {
    const { volume } = await readFiles(axial([3]));
    expect([volume.grid.affine[10], volume.notes.length]).toEqual([99, 1]);
    expect((await refusal(axial([3], () => ({ SliceThickness: undefined })))).detail).toContain('how thick it is');
  });

  it('is read for each input', async () => {
    const other = { SeriesInstanceUID: '2.25.11', Modality: 'MR' };
    const files = [...axial([0, 1]), ...axial([0, 2], () => other)];
    const { set } = await readFiles(files, {}, (index) => (index < 2 ? 'ct' : 'flair'));
    expect(set.volumes.map(({ input, file, units }) => [input, file, units])).toEqual([
      ['ct', 'ct.nii', 'HU'],
      ['flair', 'flair.nii', null],
    ]);
    expect((await refusal(files)).detail).toContain('2 series were selected');
  });
});

describe('values', () => {
  const kindOf = async (elements: Elements) => {
    const { voxels } = await readFiles(axial([0, 1], () => elements));
    return [voxels.values.constructor.name, voxels.values[0], voxels.values.at(-1)];
  };
  const signed = { PixelRepresentation: 1, BitsStored: 16, HighBit: 15 };

  it.each<[string, Elements, string, number, number]>([
    ['whole rescale', {}, 'Int16Array', -924, 211 - 1024],
    [
      'decimal rescale',
      { RescaleSlope: '0.3', RescaleIntercept: '-1.5' },
      'Float32Array',
      Math.fround(28.5),
      Math.fround(211 * 0.3 - 1.5),
    ],
    ['no rescale', { RescaleSlope: undefined, RescaleIntercept: undefined }, 'Int16Array', 100, 211],
    ['signed 16 bits', { ...signed, PixelData: new Uint16Array(12).fill(65_000) }, 'Int16Array', -536 - 1024, -1560],
    [
      'values beyond 16 bits after rescale',
      { ...signed, RescaleIntercept: -32_000, PixelData: new Uint16Array(12).fill(60_000) },
      'Int32Array',
      -37_536,
      -37_536,
    ],
    [
      'all 16 bits unsigned',
      { BitsStored: 16, HighBit: 15, RescaleIntercept: 0, PixelData: new Uint16Array(12).fill(60_000) },
      'Uint16Array',
      60_000,
      60_000,
    ],
    ['bits above BitsStored', { PixelData: new Uint16Array(12).fill(0xf001) }, 'Int16Array', -1023, -1023],
    [
      '8 bits',
      { BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelData: new Uint8Array(12).fill(200) },
      'Int16Array',
      -824,
      -824,
    ],
  ])('are exact: %s', async (_, elements, kind, first, last) => {
    expect(await kindOf(elements)).toEqual([kind, first, last]);
  });

  it('are those that are stored, also where displays show low ones white', async () => {
    const plain = await readFiles(axial([0, 1, 2]));
    const inverted = await readFiles(axial([0, 1, 2], () => ({ PhotometricInterpretation: 'MONOCHROME1' })));
    expect([...inverted.voxels.values]).toEqual([...plain.voxels.values]);
    expect(inverted.voxels.values[0], 'in Hounsfield units').toBe(100 - 1024);
    expect(inverted.volume.grid).toEqual(plain.volume.grid);
    expect([inverted.volume.units, inverted.volume.notes]).toEqual(['HU', [expect.stringContaining('MONOCHROME1')]]);
    const mixed = await readFiles(
      axial([0, 1, 2], (k) => (k === 1 ? { PhotometricInterpretation: 'MONOCHROME1' } : {})),
    );
    expect([...mixed.voxels.values]).toEqual([...plain.voxels.values]);
  });

  it('widen where one slice needs it', async () => {
    const { voxels } = await readFiles(axial([0, 1, 2], (k) => (k === 1 ? { RescaleSlope: 300 } : {})));
    expect([voxels.values.constructor.name, voxels.values[0], voxels.values[12]]).toEqual(['Int32Array', -924, 58_976]);
  });
});

describe('a tilted gantry', () => {
  it('is straightened: each slice moved within its plane, voxels at their places', async () => {
    const tilt = Math.tan((15 * Math.PI) / 180);
    const size = { Rows: 40, Columns: 30 };
    const value = (y: number, z: number) => Math.round(1000 + 10 * y + 3 * z);
    const files = [0, 4, 8, 12].map((z) => {
      const y0 = 20 + tilt * z;
      const pixels = Uint16Array.from({ length: 1200 }, (_, at) => value(y0 + Math.floor(at / 30) * 0.8, z));
      return slice([-10, y0, z], z, { ...size, PixelData: pixels });
    });
    const { volume, voxels } = await readFiles(files);
    expect(volume.notes).toEqual([expect.stringContaining('tilted by 15°')]);
    expect(volume.slices).toEqual([]);
    expect(volume.grid.size).toEqual([30, 40 + Math.ceil((tilt * 12) / 0.8), 4]);
    expect(affineOf(volume.grid)).toEqual([0.5, 0, 0, -10, 0, 0.8, 0, 20, 0, 0, 4, 0]);
    const [, rows] = volume.grid.size;
    for (const k of [0, 1, 2, 3]) {
      const j = 20;
      const [, y, z] = toWorld(volume.grid, 5, j, k);
      expect(Math.abs((voxels.values[5 + 30 * (j + rows * k)] ?? 0) + 1024 - value(y, z))).toBeLessThanOrEqual(1);
    }
  });
});

describe('a series that is not even', () => {
  it.each<[string, readonly number[], string]>([
    [
      'a slice is missing',
      [0, 2, 6, 8],
      '1 slice is missing: the others are 2 mm apart, but not between slices 2 and 3 (4 mm)',
    ],
    ['several are missing', [0, 2, 10, 12, 16], '4 slices are missing'],
    ['distances differ', [0, 2, 4.9, 7], 'lie unevenly: neighbours are 2 mm to 2.9 mm apart'],
  ])('is refused: %s', async (_, heights, message) => {
    const problem = await refusal(axial(heights));
    expect(problem.detail).toContain(message);
    expect(problem.outOfScope).toBe(true);
  });

  it('is read where headers round positions', async () => {
    const { volume } = await readFiles(axial([0, 0.6, 1.3, 1.9, 2.5]));
    expect(volume.grid.affine[10]).toBeCloseTo(0.625, 9);
  });

  it('is refused where slices do not lie behind each other', async () => {
    const files = [0, 1, 2].map((k) => slice([k === 1 ? 5 : 0, 0, 2 * k], k));
    expect((await refusal(files)).detail).toContain('on a line');
  });

  it('drops doubled slices with the same pixels, and refuses others', async () => {
    const files = axial([0, 1, 2]);
    const double = slice([-10, 20, 1], 200, { SOPInstanceUID: '2.25.999' });
    const { volume, set, voxels } = await readFiles([...files, double]);
    expect(volume.grid.size).toEqual([4, 3, 3]);
    expect(volume.notes).toEqual(['One slice is in the series twice, with the same pixels.']);
    expect(set.leftOut).toHaveLength(1);
    expect(voxels.values[12]).toBe(200 - 1024);
    const other = slice([-10, 20, 1], 777, { SOPInstanceUID: '2.25.999' });
    expect((await refusal([...files, other])).detail).toContain(
      'At 1 of 3 places of the series lie several images that differ',
    );
  });
});

describe('several stacks in one series', () => {
  const echoes = [10, 90].flatMap((echo) =>
    axial([0, 1, 2], (k) => ({ EchoTime: echo, SOPInstanceUID: `2.25.${echo}${k}` })),
  );

  it('are refused with what was found, unless the pipeline says which', async () => {
    expect((await refusal(echoes)).detail).toBe(
      'The series holds several volumes, and nothing says which is meant: EchoTime 10 (3 images), EchoTime 90 (3 images).',
    );
    const { volume, set } = await readFiles(echoes, { where: { EchoTime: '90.0' } });
    expect(volume.slices.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(['2.25.900', '2.25.901', '2.25.902']);
    expect(set.leftOut[0]?.reason).toBe('Only images with EchoTime 90.0 are read; it has others.');
  });

  it('are two orientations', async () => {
    const sagittal = [0, 1, 2].map((x) => slice([x, 0, 0], x, { ImageOrientationPatient: [0, 1, 0, 0, 0, -1] }));
    expect((await refusal([...axial([0, 1, 2]), ...sagittal])).detail).toContain(
      'axial 4 × 3 (3 images), sagittal 4 × 3 (3 images)',
    );
  });

  it('are one where the other is a stray image', async () => {
    const localizer = slice([0, 0, 0], 5, { ImageOrientationPatient: [0, 1, 0, 0, 0, -1] });
    const { volume, set } = await readFiles([...axial([0, 1, 2, 3, 4]), localizer]);
    expect(volume.grid.size[2]).toBe(5);
    expect(volume.notes[0]).toContain('One image of the series was left out');
    expect(set.leftOut).toHaveLength(1);
  });

  it('are one where the other is its phase', async () => {
    const parts = ['P', 'M'].flatMap((part) =>
      axial([0, 1], (k) => ({
        ImageType: ['ORIGINAL', 'PRIMARY', part],
        SOPInstanceUID: `2.25.${part === 'M' ? 7 : 8}${k}`,
      })),
    );
    const { volume } = await readFiles(parts);
    expect(volume.slices.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(['2.25.70', '2.25.71']);
    expect(volume.notes[0]).toContain('only the magnitude images were read');
  });
});

describe('what cannot be part of a volume', () => {
  it.each<[string, Elements, string]>([
    [
      'colours',
      {
        SamplesPerPixel: 3,
        PhotometricInterpretation: 'RGB',
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
        PixelData: new Uint8Array(36),
      },
      'a colour picture',
    ],
    ['a mosaic', { ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC'] }, 'a mosaic'],
    ['no position', { ImagePositionPatient: undefined }, 'no ImagePositionPatient'],
    ['no orientation', { ImageOrientationPatient: undefined }, 'no ImageOrientationPatient'],
    ['an impossible orientation', { ImageOrientationPatient: [1, 0, 0, 1, 0, 0] }, 'not at right angles'],
    ['no spacing', { PixelSpacing: undefined }, 'no PixelSpacing that can be'],
  ])('is refused: %s', async (_, elements, message) => {
    const problem = await refusal(axial([0, 1], () => elements));
    expect([problem.outOfScope, problem.detail]).toEqual([true, expect.stringContaining(message)]);
  });

  it('is left out where others can', async () => {
    const { set } = await readFiles([...axial([0, 1]), slice([0, 0, 9], 1, { ImagePositionPatient: undefined })]);
    expect(set.leftOut[0]?.reason).toContain('no ImagePositionPatient');
  });

  it('is a slice whose pixels are cut short', async () => {
    const problem = await refusal(axial([0, 1], (k) => (k === 1 ? { PixelData: new Uint16Array(5) } : {})));
    expect([problem.outOfScope, problem.detail]).toEqual([
      undefined,
      expect.stringContaining('Slice 2 of the series cannot be decoded'),
    ]);
  });

  it('is more than memory should hold', async () => {
    expect((await refusal(axial([0, 1]), { mostVoxels: 20 })).detail).toContain('4 × 3 × 2 voxels');
  });
});

describe('an enhanced multi-frame object', () => {
  /** Frames in the order of `heights`, each with its own rescale. */
  function enhanced(heights: readonly number[], elements: Elements = {}): Buffer {
    const frames = heights.map((z, at) => ({
      PlanePositionSequence: [{ ImagePositionPatient: [-10, 20, z] }],
      PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: at + 1, RescaleType: 'US' }],
      MREchoSequence: [{ EffectiveEchoTime: 30 }],
    }));
    return writePart10({
      SOPClassUID: ENHANCED_MR,
      SOPInstanceUID: '2.25.77',
      StudyInstanceUID: '2.25.100',
      SeriesInstanceUID: '2.25.10',
      Modality: 'MR',
      NumberOfFrames: heights.length,
      SharedFunctionalGroupsSequence: [
        {
          PixelMeasuresSequence: [{ PixelSpacing: [0.8, 0.5], SliceThickness: 3 }],
          PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
        },
      ],
      PerFrameFunctionalGroupsSequence: frames,
      ...picture(),
      PixelData: Uint16Array.from({ length: 12 * heights.length }, (_, at) => 1 + Math.floor(at / 12)),
      ...elements,
    });
  }

  it('is read frame by frame, in order of positions, each with its own rescale', async () => {
    const { volume, voxels } = await readFiles([enhanced([6, 0, 3])]);
    expect(affineOf(volume.grid)).toEqual([0.5, 0, 0, -10, 0, 0.8, 0, 20, 0, 0, 3, 0]);
    expect(volume.slices.map(({ frame }) => frame)).toEqual([2, 3, 1]);
    expect([0, 12, 24].map((at) => voxels.values[at])).toEqual([4, 9, 1]);
    expect(volume.units).toBeNull();
  });

  it('is refused where it does not say of each frame where it lies', async () => {
    expect((await refusal([enhanced([0, 1], { NumberOfFrames: 3 })])).detail).toContain(
      'It has 3 frames, and says of 2',
    );
  });
});

describe('placing', () => {
  it('agrees with the headers for every slice', async () => {
    const turn: Matrix = [0.8, -0.6, 0, 5, 0.6, 0.8, 0, 6, 0, 0, 1, 7];
    const files = [0, 1, 2, 3].map((k) =>
      slice(apply(turn, 0, 0, 2 * k), k, { ImageOrientationPatient: [0.8, 0.6, 0, -0.6, 0.8, 0] }),
    );
    const { volume } = await readFiles(files);
    volume.slices.forEach((_, k) => {
      expect(toWorld(volume.grid, 0, 0, k).map((value) => value.toFixed(6))).toEqual(
        apply(turn, 0, 0, 2 * k).map((value) => value.toFixed(6)),
      );
    });
  });
});
