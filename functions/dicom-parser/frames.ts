import type { Dataset } from '../../lib/dicom/dataset.ts';
import type { Attributes } from '../../schemas/series-index.ts';
import type { ImageFacts } from './facts.ts';

/** Where enhanced multi-frame objects call an attribute otherwise (PS3.3 C.8.13, C.7.6.16). */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  EchoTime: ['EffectiveEchoTime'],
  InversionTime: ['InversionTimes'],
  ImageType: ['FrameType'],
  AcquisitionTime: ['FrameAcquisitionDateTime'],
  DiffusionBValue: ['DiffusionBValue'],
  TriggerTime: ['NominalCardiacTriggerDelayTime'],
  TemporalPositionIdentifier: ['TemporalPositionIndex'],
};

/** The data sets of one frame, nearest first: its functional groups, the shared ones, the object itself. */
type Layers = readonly (readonly Dataset[])[];

/** Functional groups of a multi-frame object, flat: each group is a sequence of one item. */
export interface FunctionalGroups {
  readonly shared: readonly Dataset[];
  readonly frames: readonly (readonly Dataset[])[];
}

/** The functional groups of an enhanced object; none in a single-frame one. */
export function functionalGroupsOf(dataset: Dataset): FunctionalGroups {
  const groups = (item: Dataset) => item.keywords().flatMap((keyword) => item.items(keyword));
  return {
    shared: dataset.items('SharedFunctionalGroupsSequence').flatMap(groups),
    frames: dataset.items('PerFrameFunctionalGroupsSequence').map(groups),
  };
}

/**
 * The values of the attributes that an object has, and for an enhanced one those of its functional groups: of the shared
 * ones, else of the first frame's.
 */
export function attributesOf(dataset: Dataset, groups: FunctionalGroups, keywords: readonly string[]): Attributes {
  const layers = [[dataset], groups.shared, groups.frames[0] ?? []];
  const present = keywords.map((name) => [name, textsOf(layers, name)] as const);
  return Object.fromEntries(present.filter(([, values]) => values.some((value) => value !== '')));
}

/** What each image of an object says of its place: one, or one for each frame. */
export function imagesOf(dataset: Dataset, { shared, frames }: FunctionalGroups): ImageFacts[] {
  if (frames.length === 0) return [imageOf([[dataset], shared])];
  return frames.map((frame) => imageOf([frame, shared, [dataset]]));
}

function imageOf(layers: Layers): ImageFacts {
  const text = (keyword: string) => textsOf(layers, keyword)[0] ?? null;
  const numbers = (keyword: string, count: number) => {
    const values = textsOf(layers, keyword).map((value) => (value === '' ? Number.NaN : Number(value)));
    return values.length === count && values.every(Number.isFinite) ? values : null;
  };
  return {
    orientation: numbers('ImageOrientationPatient', 6),
    position: numbers('ImagePositionPatient', 3),
    spacing: numbers('PixelSpacing', 2),
    rows: numbers('Rows', 1)?.[0] ?? 0,
    columns: numbers('Columns', 1)?.[0] ?? 0,
    thickness: numbers('SliceThickness', 1)?.[0] ?? null,
    EchoTime: text('EchoTime'),
    ContrastBolusAgent: text('ContrastBolusAgent'),
    ContrastBolusStartTime: text('ContrastBolusStartTime'),
    AcquisitionTime: text('AcquisitionTime'),
  };
}

/** The values of an attribute in the nearest layer that has it, under its own name or the other one. */
function textsOf(layers: Layers, keyword: string): string[] {
  for (const layer of layers) {
    for (const name of [keyword, ...(OTHER_NAMES[keyword] ?? [])]) {
      for (const dataset of layer) {
        const values = dataset.texts(name);
        if (values.some((value) => value !== ''))
          return name === 'FrameAcquisitionDateTime' ? values.map(timeOf) : values;
      }
    }
  }
  return [];
}

/** The time of a DT value. */
function timeOf(dateTime: string): string {
  return dateTime.slice(8).replace(/[+-]\d{4}$/, '');
}
