import { z } from 'zod';

/**
 * What Overread reads of a MONAI bundle (https://docs.monai.io/en/stable/mb_specification.html): `configs/metadata.json`
 * and `configs/inference.json` (or `.yaml`). Bundles hold much more.
 */

/** One input or output of the network. */
export const MonaiTensor = z.looseObject({
  num_channels: z.int().positive(),
  /** Number of the channel, as text → what it holds. */
  channel_def: z.record(z.string(), z.string()).default({}),
});
export type MonaiTensor = z.infer<typeof MonaiTensor>;

export const MonaiMetadata = z.looseObject({
  name: z.string().optional(),
  version: z.string(),
  task: z.string().default(''),
  description: z.string().default(''),
  copyright: z.string().optional(),
  intended_use: z.string().optional(),
  network_data_format: z.looseObject({
    inputs: z.record(z.string(), MonaiTensor),
    outputs: z.record(z.string(), MonaiTensor),
  }),
});
export type MonaiMetadata = z.infer<typeof MonaiMetadata>;

/** An object that MONAI would make: `_target_` names the class, the other keys are its arguments. */
export const MonaiComponent = z.looseObject({ _target_: z.string() });
export type MonaiComponent = z.infer<typeof MonaiComponent>;
