import { describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrame } from '../../lib/dicom/pixels.ts';
import { readReport } from '../../lib/dicom/sr/read.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import type { DetectionSet, Radiograph, RadiographSet } from '../../schemas/radiograph.ts';
import { jsonBytes } from '../operator/json.ts';
import { callWith, type Files, fileOf, measuredExam } from '../operator/objects.fixture.ts';
import { segWriter } from '../seg-writer/operator.ts';
import { reportWriter } from './operator.ts';

const CR = '1.2.840.10008.5.1.4.1.1.1';

function hips(side: Partial<Radiograph['side']>, detections: DetectionSet['images'][number]['detections']): Files {
  const instance = writePart10({
    SOPClassUID: CR,
    SOPInstanceUID: '2.25.7',
    StudyInstanceUID: '2.25.1',
    SeriesInstanceUID: '2.25.10',
    PatientID: 'P',
    Modality: 'CR',
  });
  const radiograph: Radiograph = {
    file: '0.grey16',
    SOPInstanceUID: '2.25.7',
    SeriesInstanceUID: '2.25.10',
    rows: 300,
    columns: 400,
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
    PhotometricInterpretation: 'MONOCHROME2',
    inverted: false,
    maximum: 4095,
    offset: 0,
    rescale: { slope: 1, intercept: 0 },
    voi: null,
    padding: null,
    spacing: null,
    pixelAspect: 1,
    lossy: true,
    side: { PatientOrientation: ['L', 'F'], ImageLaterality: null, Laterality: null, ViewPosition: null, ...side },
    notes: [],
  };
  const images: RadiographSet = { images: [radiograph], leftOut: [] };
  const found: DetectionSet = {
    model: { name: 'hip-fracture', version: '1.0.0', sha256: '0'.repeat(64), title: 'Hip model' },
    classes: ['fracture', 'no-fracture', 'hardware'],
    images: [
      {
        SOPInstanceUID: '2.25.7',
        SeriesInstanceUID: '2.25.10',
        window: { low: 0, high: 1 },
        scope: 0.9,
        inScope: true,
        detections,
      },
    ],
  };
  return {
    instances: [fileOf('2.25.7.dcm', instance)],
    images: [fileOf('images.json', jsonBytes(images))],
    detections: [fileOf('detections.json', jsonBytes(found))],
  };
}

describe('report-writer', () => {
  it('says the volume of each structure, which segment it is of, and what it lacks', async () => {
    const { outputs: written } = await callWith(segWriter, measuredExam('axial', 'an empty segment'));
    const { outputs } = await callWith(reportWriter, measuredExam('axial', 'an empty segment', written.seg));
    const [found, missing] = readReport(outputs.report ?? Buffer.alloc(0));
    expect(found?.measurements[0]).toMatchObject({ name: { value: '118565006' }, unit: { value: 'mL' } });
    expect(found?.measurements[0]?.value).toBeGreaterThan(5);
    expect(found?.comments.join()).toContain('Incomplete');
    const seg = readPart10(written.seg ?? Buffer.alloc(0)).dataset;
    expect(found?.segment).toEqual({ SOPInstanceUID: seg.text('SOPInstanceUID'), number: 1 });
    expect(missing).toMatchObject({ segment: { number: 2 }, measurements: [{ value: 0 }] });
    expect(missing?.comments).toEqual(['Nothing of this structure was found.']);
    expect(outputs.report).toBeDefined();
  });

  it('draws a page that warns in its pixels', async () => {
    const { outputs } = await callWith(reportWriter, measuredExam('axial', 'touching segments'));
    const page = await decodeFrame(outputs.capture ?? Buffer.alloc(0));
    expect([page.columns, page.rows, page.samplesPerPixel]).toEqual([1024, 768, 3]);
    const red = (row: number) => {
      const line = page.pixels.subarray(row * 1024 * 3, (row + 1) * 1024 * 3);
      return line.some((value, at) => at % 3 === 0 && value === 255 && line[at + 1] === 96);
    };
    expect([red(28), red(768 - 28), red(300)]).toEqual([true, true, false]);
    const [report, capture] = [outputs.report, outputs.capture].map((b = Buffer.alloc(0)) => readPart10(b).dataset);
    expect([report?.number('SeriesNumber'), capture?.number('SeriesNumber')]).toEqual([9003, 9004]);
    expect(report?.text('SeriesInstanceUID')).not.toBe(capture?.text('SeriesInstanceUID'));
  });

  it('says of each hip its box, class, confidence and side', async () => {
    const scores = { fracture: 0.914, 'no-fracture': 0.05, hardware: 0.036 };
    const files = hips({}, [{ box: [50.5, 100, 100, 200], objectness: 1, class: 'fracture', scores }]);
    const { outputs } = await callWith(reportWriter, files);
    expect(readReport(outputs.report ?? Buffer.alloc(0))).toMatchObject([
      {
        trackingIdentifier: 'Hip 1',
        finding: { value: '125605004' },
        site: { value: '29836001' },
        laterality: { value: '24028007' },
        measurements: [{ name: { value: '111012' }, value: 91.4, unit: { value: '%' } }],
        comments: ['The side is assumed: the image does not state it.'],
        outline: { SOPInstanceUID: '2.25.7', points: [50.5, 100, 100, 100, 100, 200, 50.5, 200, 50.5, 100] },
      },
    ]);
  });

  it('gives a hip of contradictory side no laterality, and codes a class that it does not know by its name', async () => {
    const detection = { objectness: 1, class: 'tumour', scores: { tumour: 0.5 } };
    const boxes = [
      [50, 100, 100, 200],
      [300, 100, 350, 200],
    ] as const;
    const files = hips(
      { ImageLaterality: 'L' },
      boxes.map((box) => ({ ...detection, box: [...box] as [number, number, number, number] })),
    );
    const groups = readReport((await callWith(reportWriter, files)).outputs.report ?? Buffer.alloc(0));
    expect(groups.map(({ laterality, finding }) => [laterality, finding?.value, finding?.scheme])).toEqual([
      [undefined, 'tumour', '99OVERREAD'],
      [undefined, 'tumour', '99OVERREAD'],
    ]);
  });

  it('says that nothing was found on an image', async () => {
    const { outputs } = await callWith(reportWriter, hips({}, []));
    const [group] = readReport(outputs.report ?? Buffer.alloc(0));
    expect([group?.finding?.meaning, group?.comments]).toEqual(['Nothing found', ['No hip was found on this image.']]);
  });
});
