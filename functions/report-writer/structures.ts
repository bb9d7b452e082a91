import { readPart10 } from '../../lib/dicom/dataset.ts';
import { readSegmentation } from '../../lib/dicom/seg/read.ts';
import * as concepts from '../../lib/dicom/sr/concepts.ts';
import type { MeasuredGroup, Region, ReportedSeries } from '../../lib/dicom/sr/write.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { Segmentation, type StructureVolume, VolumeMeasurements, type VolumeSet } from '../../schemas/volume.ts';
import { algorithmOf, readJson, type StepContext, sourceOf, trackingUidOf, volumeNamed } from '../operator.ts';
import type { Reported } from './reported.ts';

/** Said of a structure that may be cut off. */
const INCOMPLETE = 'Incomplete: it touches the first or the last slice, part of it may lie outside the images.';
const NOTHING = 'Nothing of this structure was found.';

/** What a report says of a segmentation: the volume of each structure, and the segment that was measured. */
export async function reportStructures(context: StepContext, set: VolumeSet): Promise<Reported> {
  const [segmentation, measurements] = await Promise.all([
    readJson(context.inputFile('segmentation'), Segmentation),
    readJson(context.inputFile('measurements'), VolumeMeasurements),
  ]);
  const volume = volumeNamed(set, segmentation.reference);
  const { exam, images } = await sourceOf(context.input('instances'), volume);
  const segments = await segmentsOf(context, volume.SeriesInstanceUID);
  const measured = segmentation.structures.map((structure, index) => {
    const of = measurements.structures.find(({ name }) => name === structure.name);
    if (of === undefined) throw unprocessable(`The structure "${structure.title}" was not measured.`);
    return { structure, of, comments: commentsOn(of), region: segments?.regions[index] };
  });
  return {
    exam,
    algorithm: algorithmOf(segmentation),
    images: [{ SeriesInstanceUID: volume.SeriesInstanceUID, instances: images }],
    objects: segments === undefined ? [] : [segments.series],
    groups: measured.map(
      ({ structure, of, comments, region }): MeasuredGroup => ({
        trackingIdentifier: structure.title,
        trackingUid: trackingUidOf(context, volume.SeriesInstanceUID, structure.name),
        category: structure.category,
        finding: structure.type,
        region,
        measurements: [
          { name: concepts.VOLUME, value: of.volumeMl, unit: concepts.MILLILITRE },
          ...(of.percentOfTotal === undefined
            ? []
            : [{ name: concepts.PERCENT_OF_TOTAL, value: of.percentOfTotal, unit: concepts.PERCENT }]),
        ],
        comments,
      }),
    ),
    table: {
      heads: ['Structure', 'Volume', 'Of total', 'Remark'],
      rows: measured.map(({ structure, of }) => ({
        colour: structure.colour,
        cells: [
          structure.title,
          `${of.volumeMl.toFixed(2)} mL`,
          of.percentOfTotal === undefined ? '' : `${of.percentOfTotal.toFixed(1)} %`,
          of.voxels === 0 ? 'nothing found' : of.complete ? '' : 'incomplete',
        ],
      })),
    },
    notes: [
      ...measured.flatMap(({ structure, of }) =>
        of.voxels > 0 && !of.complete ? `${structure.title}. ${INCOMPLETE}` : [],
      ),
      ...volume.notes,
      ...measurements.notes,
    ],
  };
}

function commentsOn({ voxels, complete }: StructureVolume): string[] {
  if (voxels === 0) return [NOTHING];
  return complete ? [] : [INCOMPLETE];
}

/** The segments of the DICOM Segmentation, in the order of the structures; undefined where the step is given none. */
async function segmentsOf(
  context: StepContext,
  sourceSeriesUid: string,
): Promise<{ regions: readonly Region[]; series: ReportedSeries } | undefined> {
  if (context.input('seg').length === 0) return undefined;
  const bytes = await context.inputFile('seg').read();
  const { dataset } = readPart10(bytes);
  const of = {
    SOPClassUID: dataset.text('SOPClassUID') ?? '',
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
  };
  const { segments } = readSegmentation(bytes);
  return {
    regions: segments.map(({ number }) => ({ kind: 'segment', of, number, sourceSeriesUid })),
    series: { SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '', instances: [of] },
  };
}
