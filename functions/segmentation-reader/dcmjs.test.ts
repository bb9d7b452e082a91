/** Segmentations as dcmjs, and so OHIF, writes them: with slices in an order of its own, frames that name no class, no codes. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { GRIDS } from '../../lib/dicom/made/series.fixture.ts';
import { readNifti } from '../../lib/imaging/nifti.ts';
import { Segmentation } from '../../schemas/volume.ts';
import { callWith, type Files, fileOf, segmentedExam } from '../operator/objects.fixture.ts';
import { segWriter } from '../seg-writer/operator.ts';
import { segmentationReader } from './operator.ts';

/** The one that dcmjs-dimse brings. */
const dcmjs = createRequire(createRequire(import.meta.url).resolve('dcmjs-dimse'))('dcmjs');
dcmjs.log.setLevel?.('silent');

const TISSUE = { CodeValue: 'T-D0050', CodingSchemeDesignator: 'SRT', CodeMeaning: 'Tissue' };

interface Truth {
  readonly values: Uint8Array;
  readonly structures: Segmentation['structures'];
  readonly size: readonly [number, number, number];
}

async function truthOf(exam: Files): Promise<Truth> {
  const bytes = async (name: string) => (await exam[name]?.[0]?.read()) ?? Buffer.alloc(0);
  const { structures, grid } = Segmentation.parse(JSON.parse((await bytes('segmentation')).toString('utf8')));
  const { values } = readNifti(await bytes('labels'));
  return { values: Uint8Array.from(values), structures, size: grid.size };
}

/** The label map as OHIF's adapter hands it to dcmjs: by the images in the order in which the viewer has them. */
async function writtenByDcmjs(
  exam: Files,
  { values, structures, size }: Truth,
  order: readonly number[],
): Promise<Buffer> {
  const [columns, rows] = size;
  const datasets = await Promise.all(
    order.map(async (k) => {
      const bytes = (await exam.instances?.[k]?.read()) ?? Buffer.alloc(0);
      const { dict, meta } = dcmjs.data.DicomMessage.readFile(new Uint8Array(bytes).buffer);
      const dataset = dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict);
      return { ...dataset, _meta: dcmjs.data.DicomMetaDictionary.namifyDataset(meta), _vrMap: { PixelData: 'OW' } };
    }),
  );
  const multiframe = dcmjs.normalizers.Normalizer.normalizeToDataset(datasets);
  const segmentation = new dcmjs.derivations.Segmentation([multiframe], {
    includeSliceSpacing: true,
    rleEncode: false,
  });
  const planes = sliceOfFrame(multiframe, datasets, order);
  const frames = structures.map(({ label }) =>
    planes.flatMap((k, index) => {
      const slice = values.subarray(k * columns * rows, (k + 1) * columns * rows);
      return slice.includes(label) ? [{ index: index + 1, mask: slice.map((value) => (value === label ? 1 : 0)) }] : [];
    }),
  );
  segmentation.setNumberOfFrames(frames.flat().length);
  for (const [index, { title }] of structures.entries()) {
    const own = frames[index] ?? [];
    const pixels = new Uint8Array(own.length * columns * rows);
    for (const [at, { mask }] of own.entries()) pixels.set(mask, at * columns * rows);
    const metadata = {
      SegmentNumber: String(index + 1),
      SegmentLabel: title,
      SegmentAlgorithmType: 'MANUAL',
      SegmentAlgorithmName: 'OHIF Brush',
      RecommendedDisplayCIELabValue: [43_802, 53_028, 46_122],
      SegmentedPropertyCategoryCodeSequence: TISSUE,
      SegmentedPropertyTypeCodeSequence: TISSUE,
    };
    segmentation.addSegment(
      metadata,
      pixels,
      own.map((frame) => frame.index),
    );
  }
  segmentation.bitPackPixelData();
  return Buffer.from(dcmjs.data.datasetToDict(segmentation.dataset).write());
}

/** Slice k of each frame of the multi-frame that dcmjs makes: it sorts the images in its own way. */
function sliceOfFrame(
  multiframe: { PerFrameFunctionalGroupsSequence: { PlanePositionSequence: { ImagePositionPatient: number[] } }[] },
  datasets: readonly { ImagePositionPatient: number[] }[],
  order: readonly number[],
): number[] {
  return multiframe.PerFrameFunctionalGroupsSequence.map(({ PlanePositionSequence }) => {
    const place = String(PlanePositionSequence.ImagePositionPatient);
    return order[datasets.findIndex(({ ImagePositionPatient }) => String(ImagePositionPatient) === place)] ?? -1;
  });
}

describe('a segmentation as dcmjs writes it', () => {
  it.each(Object.keys(GRIDS).filter((name) => name !== 'one slice'))('comes back voxel by voxel: %s', async (grid) => {
    const exam = segmentedExam(grid, 'touching segments');
    const truth = await truthOf(exam);
    const slices = Array.from({ length: truth.size[2] }, (_, k) => k);
    for (const order of [slices, slices.toReversed()]) {
      const written = await writtenByDcmjs(exam, truth, order);
      const files = { ...exam, imported: [fileOf('imported', written)] };
      const parameters = { structures: truth.structures, absent: 'empty', others: 'refused' };
      const read = await callWith(segmentationReader, files, parameters);
      const labels = readNifti(read.outputs.labels ?? Buffer.alloc(0));
      expect(Buffer.compare(Buffer.from(labels.values), Buffer.from(truth.values))).toBe(0);
      const repaired = await callWith(segWriter, {
        ...exam,
        segmentation: [fileOf('segmentation.json', read.outputs.segmentation ?? Buffer.alloc(0))],
        labels: [fileOf('labels.nii', read.outputs.labels ?? Buffer.alloc(0))],
      });
      expect(repaired.data).toMatchObject({ segments: 2 });
    }
  });

  it('is refused where it holds more than is asked for, and empty where a structure is gone', async () => {
    const exam = segmentedExam('axial', 'touching segments');
    const truth = await truthOf(exam);
    const slices = Array.from({ length: truth.size[2] }, (_, k) => k);
    const read = async (drawn: Truth, structures: Segmentation['structures']) => {
      const files = { ...exam, imported: [fileOf('imported', await writtenByDcmjs(exam, drawn, slices))] };
      return callWith(segmentationReader, files, { structures, absent: 'empty', others: 'refused' });
    };
    const [first] = truth.structures;
    if (first === undefined) throw new Error('There is no structure.');
    await expect(read(truth, [first])).rejects.toThrow('nothing but first; it also holds "second"');
    const { data } = await read({ ...truth, structures: [first] }, truth.structures);
    expect(data.structures).toEqual(['first', 'second']);
  });
});
