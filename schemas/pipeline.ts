import { z } from 'zod';
import { Slug, Uid, Version } from './scalars.ts';

/** An Application Entity title (PS3.5 6.2): 1 to 16 printable characters without backslash. */
export const AETitle = z
  .string()
  .regex(/^[\x21-\x5b\x5d-\x7e]([\x20-\x5b\x5d-\x7e]{0,15})$/, 'an AE title of 1 to 16 characters');

/** Where a step's input comes from: `run.instances`, or `<step>.<output>` of an earlier step. */
export const InputSource = z
  .string()
  .regex(/^[a-z0-9-]+\.[a-zA-Z][a-zA-Z0-9-]*$/, '`run.instances` or `<step>.<output>`');

/** A step runs only where every condition holds on the `data` of an earlier step's manifest; else it is skipped. */
export const Condition = z
  .object({
    step: Slug,
    /** Key of the manifest's `data`. */
    data: z.string(),
    equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
    atLeast: z.number().optional(),
  })
  .refine((condition) => (condition.equals === undefined) !== (condition.atLeast === undefined), {
    message: 'a condition has either `equals` or `atLeast`',
  });
export type Condition = z.infer<typeof Condition>;

export const PipelineStep = z.object({
  name: Slug,
  /** Name of the function. */
  operator: Slug,
  /** Steps that must have ended first, besides those that its inputs and conditions name. */
  needs: z.array(Slug).default([]),
  when: z.array(Condition).default([]),
  /** Input name of the operator → source. */
  inputs: z.record(z.string(), InputSource).default({}),
  /** Model name of the operator → alias in the pipeline's `models`. */
  models: z.record(z.string(), z.string()).default({}),
  parameters: z.record(z.string(), z.unknown()).default({}),
  /** Longest time of one call in seconds; the function stops its work at it. */
  timeoutSeconds: z.int().positive().default(300),
  /** Calls before the step is given up: answers of 5xx, time-outs and lost connections count. */
  attempts: z.int().min(1).max(20).default(4),
});
export type PipelineStep = z.infer<typeof PipelineStep>;

/** A pipeline file, `pipelines/<name>/pipeline.yaml`. */
export const Pipeline = z.object({
  name: Slug,
  version: Version,
  title: z.string(),
  description: z.string().default(''),
  /** A study sent to this called AE title goes to this pipeline, on demand. */
  calledAETitle: AETitle,
  /** Seconds without a new instance after which a study counts as complete. */
  quietSeconds: z.number().nonnegative(),
  /** Results of one patient belong together over time: the missing runs for the patient's other exams are made too. */
  longitudinal: z.boolean().default(false),
  /** The instances that count: one of these SOP classes. */
  admits: z.object({ SOPClassUID: z.array(Uid).min(1) }),
  /** Alias → model. */
  models: z.record(z.string(), z.object({ name: Slug, version: Version })).default({}),
  steps: z.array(PipelineStep).min(1),
});
export type Pipeline = z.infer<typeof Pipeline>;
