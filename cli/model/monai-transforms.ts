import { z } from 'zod';
import { firstIssue } from '../../lib/platform/issue.ts';
import type { Normalisation, VolumeInput } from '../../schemas/model.ts';
import type { MonaiComponent } from '../../schemas/monai.ts';
import { ModelFolderError } from './error.ts';
import { className, transformNames } from './monai-config.ts';

/** What of a card's input a bundle's preprocessing says. */
export interface Preprocessing {
  normalisation: Normalisation | undefined;
  /** The normalisation takes its numbers from all channels at once, not from each by itself. */
  acrossChannels: boolean;
  orientation: string | undefined;
  spacing: VolumeInput['spacing'];
  size: VolumeInput['size'];
  /** Margin of the cut to the foreground, in voxels along i, j, k. */
  cropMargin: [number, number, number] | undefined;
}

const Three = z
  .union([z.number(), z.tuple([z.number(), z.number(), z.number()])])
  .transform((value): [number, number, number] => (typeof value === 'number' ? [value, value, value] : value));
/** What comes out of a scaling must be 0 to 1, and nothing beyond. */
const channelWise = { channel_wise: z.boolean().default(false) };
const zeroToOne = { b_min: z.literal(0).nullish(), b_max: z.literal(1).nullish() };

type Handler = (transform: MonaiComponent, into: Preprocessing) => void;

function handler<Schema extends z.ZodType>(
  schema: Schema,
  apply: (values: z.output<Schema>, into: Preprocessing) => void,
): Handler {
  return (transform, into) => {
    const parsed = schema.safeParse(transform);
    if (!parsed.success) {
      throw new ModelFolderError(
        `Overread has no equal of the transform ${className(transform)} as the bundle uses it: ${firstIssue(parsed.error)}.`,
      );
    }
    apply(parsed.data, into);
  };
}

function normalise(into: Preprocessing, normalisation: Normalisation, channelWise = true): void {
  if (into.normalisation !== undefined) {
    throw new ModelFolderError(
      `The bundle normalises twice, ${into.normalisation.kind} and ${normalisation.kind}: Overread does so once.`,
    );
  }
  into.normalisation = normalisation;
  into.acrossChannels = !channelWise;
}

/** Those that Overread does anyway, or that change nothing here. */
const NOTHING: Handler = () => {};
const HANDLERS: Readonly<Record<string, Handler>> = {
  LoadImage: NOTHING,
  EnsureChannelFirst: NOTHING,
  AddChannel: NOTHING,
  EnsureType: NOTHING,
  CastToType: NOTHING,
  ToTensor: NOTHING,
  ToDevice: NOTHING,
  Identity: NOTHING,
  Orientation: handler(z.looseObject({ axcodes: z.string() }), ({ axcodes }, into) => {
    into.orientation = axcodes.toUpperCase();
  }),
  Spacing: handler(z.looseObject({ pixdim: Three }), ({ pixdim }, into) => {
    into.spacing = pixdim;
  }),
  ResizeWithPadOrCrop: handler(
    z.looseObject({ spatial_size: Three, mode: z.literal('constant').optional() }),
    ({ spatial_size }, into) => {
      into.size = spatial_size;
    },
  ),
  CropForeground: handler(z.looseObject({ margin: Three.default([0, 0, 0]) }), ({ margin }, into) => {
    into.cropMargin = margin;
  }),
  ScaleIntensityRange: handler(
    z.looseObject({ a_min: z.number(), a_max: z.number(), ...zeroToOne, clip: z.literal(true) }),
    ({ a_min, a_max }, into) => normalise(into, { kind: 'window', low: a_min, high: a_max }),
  ),
  ScaleIntensityRangePercentiles: handler(
    z.looseObject({
      lower: z.number(),
      upper: z.number(),
      ...zeroToOne,
      clip: z.boolean().default(false),
      relative: z.literal(false).optional(),
      ...channelWise,
    }),
    ({ lower, upper, clip, channel_wise }, into) =>
      normalise(into, { kind: 'percentile', low: lower, high: upper, over: 'all', clip }, channel_wise),
  ),
  ScaleIntensity: handler(
    z.looseObject({
      minv: z.literal(0).default(0),
      maxv: z.literal(1).default(1),
      factor: z.null().optional(),
      ...channelWise,
    }),
    ({ channel_wise }, into) =>
      normalise(into, { kind: 'percentile', low: 0, high: 100, over: 'all', clip: true }, channel_wise),
  ),
  NormalizeIntensity: handler(
    z.looseObject({
      nonzero: z.boolean().default(false),
      subtrahend: z.null().optional(),
      divisor: z.null().optional(),
      ...channelWise,
    }),
    ({ nonzero, channel_wise }, into) =>
      normalise(into, { kind: 'z-score', over: nonzero ? 'nonzero' : 'all' }, channel_wise),
  ),
};

/** Reads a bundle's preprocessing. @throws {ModelFolderError} it does something that Overread has no equal of */
export function readPreprocessing(transforms: readonly MonaiComponent[]): Preprocessing {
  const into: Preprocessing = {
    normalisation: undefined,
    acrossChannels: false,
    orientation: undefined,
    spacing: null,
    size: null,
    cropMargin: undefined,
  };
  for (const transform of transforms) {
    const handle = transformNames(transform).flatMap((name) => HANDLERS[name] ?? [])[0];
    if (handle === undefined) {
      throw new ModelFolderError(
        `Overread has no equal of the bundle's transform ${className(transform)}. It knows ${Object.keys(HANDLERS).join(', ')}. Put what the transform does into the network, or write the card's \`input\` into a model.json in the bundle's folder.`,
      );
    }
    handle(transform, into);
  }
  return into;
}
