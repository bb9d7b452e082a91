import { z } from 'zod';
import { writeCapture } from '../../lib/dicom/capture/write.ts';
import { decodeFrame } from '../../lib/dicom/pixels.ts';
import { readReport } from '../../lib/dicom/sr/read.ts';
import { type MeasuredGroup, writeReport } from '../../lib/dicom/sr/write.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { RadiographSet } from '../../schemas/radiograph.ts';
import { VolumeSet } from '../../schemas/volume.ts';
import { defineOperator, madeBy, objectParameters, readJson, refusing } from '../operator.ts';
import { reportHips } from './hips.ts';
import { pageOf } from './page.ts';
import { reportStructures } from './structures.ts';

const INPUTS_THAT_DECIDE = ['images', 'segmentation', 'measurements', 'seg', 'detections'];

export const reportWriter = defineOperator({
  name: 'report-writer',
  version: '1.1.0',
  description:
    'Writes what was measured or found as a DICOM measurement report (TID 1500) and as a page of pixels (Secondary Capture), and reads both back.',
  parameters: z.object(objectParameters(9003)),
  inputs: {
    instances: 'DICOM files (Part 10) of the exam: patient, study and images are taken from them.',
    images: 'The list of volumes or of radiographs that dicom-reader made.',
  },
  optionalInputs: {
    segmentation: 'For volumes: the segmentation.',
    measurements: 'For volumes: what volume-calculator measured.',
    seg: 'For volumes: the DICOM Segmentation, whose segments the report then names.',
    detections: 'For radiographs: what infer-detection found.',
  },
  outputs: {
    report: 'One Comprehensive 3D SR (TID 1500).',
    capture: 'One Secondary Capture, a series number further; its pixels say that it is not for clinical use.',
  },
  async run(context) {
    const images = await readJson(context.inputFile('images'), z.union([VolumeSet, RadiographSet]));
    const reported = await ('volumes' in images ? reportStructures(context, images) : reportHips(context, images));
    const { run, parameters } = context;
    const made = madeBy(context, 'Report', INPUTS_THAT_DECIDE);
    const page = pageOf({
      title: run.pipeline.title,
      lines: [
        `Model: ${reported.algorithm.name}, version ${reported.algorithm.version}`,
        `Pipeline ${run.pipeline.name} ${run.pipeline.version}, run ${run.id.slice(0, 12)}`,
      ],
      table: reported.table,
      notes: reported.notes,
    });
    const [report, capture] = refusing(() => [
      writeReport({ ...reported, made, tags: parameters.tags }),
      writeCapture({ exam: reported.exam, made: captureOf(context), page, tags: parameters.tags }),
    ]);
    verifyReport(report, reported.groups);
    const { pixels } = await decodeFrame(capture);
    if (!page.pixels.every((value, at) => value === pixels[at]))
      throw unprocessable('The page was read back and is another picture.');
    await Promise.all([
      context.output('report', 'report.dcm', report, 'application/dicom'),
      context.output('capture', 'capture.dcm', capture, 'application/dicom'),
    ]);
    return { groups: reported.groups.length };
  },
});

function captureOf(context: Parameters<typeof madeBy>[0]) {
  const made = madeBy(context, 'Capture', INPUTS_THAT_DECIDE);
  return { ...made, seriesNumber: made.seriesNumber + 1 };
}

/** Reads the report as anybody would. @throws {ProblemError} it says something else */
function verifyReport(bytes: Buffer, groups: readonly MeasuredGroup[]): void {
  const read = readReport(bytes);
  const isSame = groups.every((group, index) => {
    const other = read[index];
    const { region } = group;
    return (
      other?.trackingUid === group.trackingUid &&
      other.finding?.value === group.finding.value &&
      other.laterality?.value === group.site?.laterality?.value &&
      group.measurements.every(({ value }, at) => isClose(value, other.measurements[at]?.value)) &&
      (region?.kind !== 'segment' || other.segment?.number === region.number) &&
      (region?.kind !== 'box' || isClose(region.box[2], other.outline?.points[4]))
    );
  });
  if (!isSame || read.length !== groups.length) {
    throw unprocessable('The report was read back and says something else than what was measured.');
  }
}

/** A decimal string has 16 characters, a coordinate on an image 32 bits. */
function isClose(value: number, read: number | undefined): boolean {
  return read !== undefined && Math.abs(value - read) <= 1e-6 * Math.max(1, Math.abs(value));
}
