import type { Code } from '../../../schemas/volume.ts';
import { type Dataset, readPart10 } from '../dataset.ts';
import { codeOf } from '../made/codes.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import * as concepts from './concepts.ts';

/** A measurement group of a report (PS3.16 TID 1410, 1411, 1501). */
export interface ReadGroup {
  readonly trackingIdentifier: string | undefined;
  readonly trackingUid: string | undefined;
  readonly finding: Code | undefined;
  readonly site: Code | undefined;
  readonly laterality: Code | undefined;
  readonly measurements: readonly {
    readonly name: Code | undefined;
    readonly value: number | undefined;
    readonly unit: Code | undefined;
  }[];
  readonly comments: readonly string[];
  /** The segment that it measures: instance and number. */
  readonly segment: { readonly SOPInstanceUID: string; readonly number: number } | undefined;
  /** The outline on an image: instance, and column, row, column, row … */
  readonly outline: { readonly SOPInstanceUID: string; readonly points: readonly number[] } | undefined;
}

/**
 * The measurement groups of a TID 1500 report.
 *
 * @throws {UnfitObjectError} `kind`: it is no measurement report
 * @throws {MalformedDicomError} it is no DICOM
 */
export function readReport(bytes: Uint8Array): ReadGroup[] {
  const { dataset } = readPart10(bytes);
  if (codeOf(dataset, 'ConceptNameCodeSequence')?.value !== concepts.IMAGING_MEASUREMENT_REPORT.value) {
    throw new UnfitObjectError('kind', 'The file must be a DICOM measurement report (TID 1500).');
  }
  return dataset
    .items('ContentSequence')
    .filter((item) => isNamed(item, concepts.IMAGING_MEASUREMENTS))
    .flatMap((item) => item.items('ContentSequence'))
    .filter((item) => isNamed(item, concepts.MEASUREMENT_GROUP))
    .map(groupOf);
}

function groupOf(group: Dataset): ReadGroup {
  const items = group.items('ContentSequence');
  const named = (name: Code) => items.find((item) => isNamed(item, name));
  const site = named(concepts.FINDING_SITE);
  return {
    trackingIdentifier: named(concepts.TRACKING_IDENTIFIER)?.text('TextValue'),
    trackingUid: named(concepts.TRACKING_UNIQUE_IDENTIFIER)?.text('UID'),
    finding: codeOf(named(concepts.FINDING), 'ConceptCodeSequence'),
    site: codeOf(site, 'ConceptCodeSequence'),
    laterality: codeOf(site?.items('ContentSequence')[0], 'ConceptCodeSequence'),
    measurements: items.filter((item) => item.text('ValueType') === 'NUM').map(measurementOf),
    comments: items.filter((item) => isNamed(item, concepts.COMMENT)).map((item) => item.text('TextValue') ?? ''),
    segment: segmentOf(named(concepts.REFERENCED_SEGMENT)),
    outline: outlineOf(named(concepts.IMAGE_REGION)),
  };
}

function isNamed(item: Dataset, { value, scheme }: Code): boolean {
  const name = codeOf(item, 'ConceptNameCodeSequence');
  return name?.value === value && name.scheme === scheme;
}

function measurementOf(item: Dataset) {
  const [measured] = item.items('MeasuredValueSequence');
  return {
    name: codeOf(item, 'ConceptNameCodeSequence'),
    value: measured?.number('NumericValue'),
    unit: codeOf(measured, 'MeasurementUnitsCodeSequence'),
  };
}

function segmentOf(item: Dataset | undefined): ReadGroup['segment'] {
  const [reference] = item?.items('ReferencedSOPSequence') ?? [];
  const number = reference?.number('ReferencedSegmentNumber');
  return number === undefined
    ? undefined
    : { SOPInstanceUID: reference?.text('ReferencedSOPInstanceUID') ?? '', number };
}

function outlineOf(item: Dataset | undefined): ReadGroup['outline'] {
  if (item === undefined) return undefined;
  const [image] = item.items('ContentSequence').flatMap((below) => below.items('ReferencedSOPSequence'));
  return { SOPInstanceUID: image?.text('ReferencedSOPInstanceUID') ?? '', points: item.numbers('GraphicData') };
}
