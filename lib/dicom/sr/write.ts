import type { Code } from '../../../schemas/volume.ts';
import type { Exam } from '../made/exam.ts';
import {
  type Algorithm,
  commonElements,
  dateTimeOf,
  instancesOf,
  type MadeObject,
  type Reference,
  referenceItem,
  short,
} from '../made/object.ts';
import { type CustomTags, withTags } from '../made/tags.ts';
import { deriveUid } from '../uid.ts';
import { type Elements, writePart10 } from '../write.ts';
import * as concepts from './concepts.ts';
import { code, container, image, number, outline, text, uidReference } from './items.ts';

const COMPREHENSIVE_3D_SR_STORAGE = '1.2.840.10008.5.1.4.1.1.88.34';

/** Where what was measured is. */
export type Region =
  /** A segment of a DICOM Segmentation. */
  | { readonly kind: 'segment'; readonly of: Reference; readonly number: number; readonly sourceSeriesUid: string }
  /** An image as a whole. */
  | { readonly kind: 'image'; readonly of: Reference }
  /** A box on an image, in its pixels: column then row, half-open, [x0, y0, x1, y1]. */
  | { readonly kind: 'box'; readonly of: Reference; readonly box: readonly [number, number, number, number] };

/** One structure or finding and what was measured of it. */
export interface MeasuredGroup {
  readonly trackingIdentifier: string;
  readonly trackingUid: string;
  readonly category?: Code | undefined;
  readonly finding: Code;
  readonly site?: { readonly code: Code; readonly laterality: Code | undefined } | undefined;
  /** Undefined where no object outlines it. */
  readonly region: Region | undefined;
  readonly measurements: readonly { readonly name: Code; readonly value: number; readonly unit: Code }[];
  /** Sentences that qualify it. */
  readonly comments: readonly string[];
}

/** A series that a report is about. */
export interface ReportedSeries {
  readonly SeriesInstanceUID: string;
  readonly instances: readonly Reference[];
}

export interface ReportToWrite {
  readonly exam: Exam;
  readonly made: MadeObject;
  readonly algorithm: Algorithm;
  /** Of the images that were read. */
  readonly images: readonly ReportedSeries[];
  /** Of other objects that the groups refer to. */
  readonly objects: readonly ReportedSeries[];
  readonly groups: readonly MeasuredGroup[];
  readonly tags?: CustomTags;
}

/**
 * A measurement report (PS3.16 TID 1500) as Comprehensive 3D SR (PS3.3 A.35.13): a group for each structure or finding, with
 * the algorithm in each (TID 4019) and Overread as the device that observed. It is complete, preliminary and unverified.
 *
 * @throws {InvalidValueError} a custom tag or a text breaks the rules
 */
export function writeReport(report: ReportToWrite): Buffer {
  const { exam, made } = report;
  const { date, time } = dateTimeOf(made.at, exam.offsetMinutes);
  const elements: Elements = {
    ...commonElements(exam, made, 'SR'),
    SOPClassUID: COMPREHENSIVE_3D_SR_STORAGE,
    ReferencedPerformedProcedureStepSequence: [],
    ContentDate: date,
    ContentTime: time,
    CompletionFlag: 'COMPLETE',
    PreliminaryFlag: 'PRELIMINARY',
    VerificationFlag: 'UNVERIFIED',
    PerformedProcedureCodeSequence: [],
    CodingSchemeIdentificationSequence: [
      {
        CodingSchemeDesignator: concepts.OURS,
        CodingSchemeName: 'Overread',
        CodingSchemeResponsibleOrganization: 'Overread',
      },
    ],
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: exam.StudyInstanceUID,
        ReferencedSeriesSequence: [...report.images, ...report.objects].map(({ SeriesInstanceUID, instances }) => ({
          SeriesInstanceUID,
          ReferencedSOPSequence: instancesOf(instances).map(referenceItem),
        })),
      },
    ],
    ...container(concepts.IMAGING_MEASUREMENT_REPORT, '1500', contentOf(report)),
  };
  return writePart10(withTags(elements, report.tags ?? {}));
}

function contentOf({ exam, images, groups, algorithm }: ReportToWrite): Elements[] {
  const library = images
    .flatMap(({ instances }) => instancesOf(instances))
    .map((reference) => image('CONTAINS', undefined, referenceItem(reference)));
  return [
    code('HAS CONCEPT MOD', concepts.LANGUAGE, concepts.ENGLISH),
    code('HAS OBS CONTEXT', concepts.OBSERVER_TYPE, concepts.DEVICE),
    uidReference('HAS OBS CONTEXT', concepts.DEVICE_OBSERVER_UID, deriveUid('overread', 'device')),
    text('HAS OBS CONTEXT', concepts.DEVICE_OBSERVER_NAME, 'Overread'),
    text('HAS OBS CONTEXT', concepts.DEVICE_OBSERVER_MANUFACTURER, 'Overread'),
    text('HAS OBS CONTEXT', concepts.DEVICE_OBSERVER_MODEL, 'Overread'),
    code('HAS CONCEPT MOD', concepts.PROCEDURE_REPORTED, concepts.procedureOf(exam.Modality)),
    container(
      concepts.IMAGE_LIBRARY,
      undefined,
      [container(concepts.IMAGE_LIBRARY_GROUP, undefined, library, 'CONTAINS')],
      'CONTAINS',
    ),
    container(
      concepts.IMAGING_MEASUREMENTS,
      undefined,
      groups.map((group) => groupItem(group, algorithm)),
      'CONTAINS',
    ),
  ];
}

/** Planar region of interest, volumetric one, or neither. */
const TEMPLATES = { box: '1410', segment: '1411', image: '1501' } as const;

function groupItem(group: MeasuredGroup, algorithm: Algorithm): Elements {
  const { region, site, category } = group;
  const content = [
    text('HAS OBS CONTEXT', concepts.TRACKING_IDENTIFIER, group.trackingIdentifier),
    uidReference('HAS OBS CONTEXT', concepts.TRACKING_UNIQUE_IDENTIFIER, group.trackingUid),
    ...(category === undefined ? [] : [code('CONTAINS', concepts.FINDING_CATEGORY, category)]),
    code('CONTAINS', concepts.FINDING, group.finding),
    ...(region === undefined ? [] : regionItems(region)),
    text('HAS CONCEPT MOD', concepts.ALGORITHM_NAME, short(algorithm.name, 64)),
    text('HAS CONCEPT MOD', concepts.ALGORITHM_VERSION, short(algorithm.version, 64)),
    text('HAS CONCEPT MOD', concepts.ALGORITHM_PARAMETERS, algorithm.parameters),
    ...(site === undefined ? [] : [siteItem(site)]),
    ...group.measurements.map(({ name, value, unit }) => number(name, value, unit)),
    ...group.comments.map((comment) => text('CONTAINS', concepts.COMMENT, comment)),
  ];
  return container(
    concepts.MEASUREMENT_GROUP,
    region === undefined ? '1501' : TEMPLATES[region.kind],
    content,
    'CONTAINS',
  );
}

function siteItem({ code: site, laterality }: NonNullable<MeasuredGroup['site']>): Elements {
  const more = laterality === undefined ? [] : [code('HAS CONCEPT MOD', concepts.LATERALITY, laterality)];
  return code('HAS CONCEPT MOD', concepts.FINDING_SITE, site, more);
}

function regionItems(region: Region): Elements[] {
  const reference = referenceItem(region.of);
  if (region.kind === 'segment') {
    return [
      image('CONTAINS', concepts.REFERENCED_SEGMENT, { ...reference, ReferencedSegmentNumber: region.number }),
      uidReference('CONTAINS', concepts.SOURCE_SERIES_FOR_SEGMENTATION, region.sourceSeriesUid),
    ];
  }
  if (region.kind === 'image') return [image('CONTAINS', concepts.SOURCE_OF_MEASUREMENT, reference)];
  const [x0, y0, x1, y1] = region.box;
  return [outline(concepts.IMAGE_REGION, [x0, y0, x1, y0, x1, y1, x0, y1, x0, y0], reference)];
}
