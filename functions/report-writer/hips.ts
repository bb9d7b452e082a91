import { readPart10 } from '../../lib/dicom/dataset.ts';
import { type Exam, examOf } from '../../lib/dicom/made/exam.ts';
import type { Reference } from '../../lib/dicom/made/object.ts';
import * as concepts from '../../lib/dicom/sr/concepts.ts';
import type { MeasuredGroup, ReportedSeries } from '../../lib/dicom/sr/write.ts';
import { type SideOf, sidesOf } from '../../lib/imaging/side.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { type Detection, DetectionSet, type Radiograph, type RadiographSet } from '../../schemas/radiograph.ts';
import type { Code } from '../../schemas/volume.ts';
import { algorithmOf, type InputFile, mapAtMost, readJson, type StepContext, trackingUidOf } from '../operator.ts';
import type { Reported } from './reported.ts';

type DetectedImage = DetectionSet['images'][number];

/** Standard codes of classes; any other class is coded by its own name. */
const FINDINGS: Readonly<Record<string, Code>> = {
  fracture: { value: '125605004', scheme: 'SCT', meaning: 'Fracture of bone' },
  hardware: { value: '40388003', scheme: 'SCT', meaning: 'Implant' },
  'no-fracture': concepts.ours('no-fracture', 'No fracture found'),
};
const NOTHING_FOUND = concepts.ours('nothing-found', 'Nothing found');
const NOT_READ = concepts.ours('not-read', 'Not read');

/** The next image is read while one is checked. */
const READ_AT_ONCE = 2;

const SIDES = { left: concepts.LEFT, right: concepts.RIGHT } as const;
const SIDE_COMMENTS = {
  stated: [],
  assumed: ['The side is assumed: the image does not state it.'],
  contradictory: ['The side is not known: what the image says of it is contradictory.'],
} as const;

interface Finding extends SideOf {
  readonly image: number;
  readonly detection: Detection;
}

/** What a report says of radiographs: each hip as a box on its image, with class, confidence and side. */
export async function reportHips(context: StepContext, { images }: RadiographSet): Promise<Reported> {
  const { model, images: detected } = await readJson(context.inputFile('detections'), DetectionSet);
  const headers = await headersOf(context.input('instances'));
  const byImage = images.map((image, index) => {
    const header = headers.get(image.SOPInstanceUID);
    if (header === undefined) throw unprocessable('An image of the report is not among the instances.');
    const found = detected.find(({ SOPInstanceUID }) => SOPInstanceUID === image.SOPInstanceUID);
    return { image, ...header, ...read(image, index + 1, found) };
  });
  const [first] = byImage;
  if (first === undefined) throw unprocessable('A report needs an image; there is none.');
  return {
    exam: first.exam,
    algorithm: algorithmOf({ model: model }),
    images: seriesOf(byImage),
    objects: [],
    groups: byImage.flatMap(({ image, reference, findings, empty }) => {
      const track = (name: string) => ({
        trackingIdentifier: name,
        trackingUid: trackingUidOf(context, image.SeriesInstanceUID, `${image.SOPInstanceUID} ${name}`),
      });
      if (findings.length > 0)
        return findings.map((finding, at) => groupOf(finding, reference, track(`Hip ${at + 1}`)));
      return { ...empty, ...track('Image'), region: { kind: 'image' as const, of: reference }, measurements: [] };
    }),
    table: {
      heads: ['Image', 'Side', 'Class', 'Confidence'],
      rows: byImage.flatMap(({ findings, empty }, index) =>
        findings.length > 0
          ? findings.map(rowOf)
          : [{ cells: [`${index + 1} of ${images.length}`, '', empty.finding.meaning, ''] }],
      ),
    },
    notes: byImage.flatMap(({ image, notes }, index) =>
      [...image.notes, ...notes].map((note) => (images.length > 1 ? `Image ${index + 1}: ${note}` : note)),
    ),
  };
}

function read(image: Radiograph, number: number, found: DetectedImage | undefined) {
  if (found === undefined || !found.inScope) {
    const empty = { finding: NOT_READ, comments: ['The model does not take this image for what it was made for.'] };
    return { findings: [], notes: empty.comments, empty };
  }
  const detections = [...found.detections].sort((a, b) => a.box[0] - b.box[0]);
  const { sides, review, notes } = sidesOf(
    image.side,
    detections.map(({ box }) => box),
    image,
  );
  const findings = detections.flatMap((detection, at): Finding[] => {
    const side = sides[at];
    return side === undefined ? [] : [{ ...side, image: number, detection }];
  });
  const empty = { finding: NOTHING_FOUND, comments: ['No hip was found on this image.'] };
  return {
    findings,
    notes: [...notes, ...review, ...(image.lossy ? ['The image was compressed with loss.'] : [])],
    empty,
  };
}

function groupOf(
  { side, sideSource, detection }: Finding,
  of: Reference,
  track: Pick<MeasuredGroup, 'trackingIdentifier' | 'trackingUid'>,
): MeasuredGroup {
  return {
    ...track,
    finding: FINDINGS[detection.class] ?? concepts.ours(detection.class, detection.class),
    site: { code: concepts.HIP, laterality: side === null ? undefined : SIDES[side] },
    region: { kind: 'box', of, box: detection.box },
    measurements: [{ name: concepts.CERTAINTY_OF_FINDING, value: percent(detection), unit: concepts.PERCENT }],
    comments: SIDE_COMMENTS[sideSource],
  };
}

function rowOf({ image, side, sideSource, detection }: Finding) {
  const known = sideSource === 'assumed' && side !== null ? `${side} (assumed)` : (side ?? `unknown (${sideSource})`);
  return { cells: [String(image), known, detection.class, `${percent(detection).toFixed(1)} %`] };
}

/** Confidence in the class, in tenths of a percent. */
function percent({ scores, class: name }: Detection): number {
  return Math.round((scores[name] ?? 0) * 1000) / 10;
}

async function headersOf(files: readonly InputFile[]): Promise<Map<string, { exam: Exam; reference: Reference }>> {
  const headers = await mapAtMost(READ_AT_ONCE, files, async (file) => {
    const { dataset, meta } = readPart10(await file.read(), { untilPixelData: true });
    const reference = {
      SOPClassUID: meta.MediaStorageSOPClassUID,
      SOPInstanceUID: dataset.text('SOPInstanceUID') ?? meta.MediaStorageSOPInstanceUID,
    };
    return { exam: examOf(dataset), reference };
  });
  return new Map(headers.map((header) => [header.reference.SOPInstanceUID, header]));
}

function seriesOf(images: readonly { image: Radiograph; reference: Reference }[]): ReportedSeries[] {
  const series = new Map<string, Reference[]>();
  for (const { image, reference } of images) {
    series.set(image.SeriesInstanceUID, [...(series.get(image.SeriesInstanceUID) ?? []), reference]);
  }
  return [...series].map(([SeriesInstanceUID, instances]) => ({ SeriesInstanceUID, instances }));
}
