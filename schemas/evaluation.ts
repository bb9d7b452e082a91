import { z } from 'zod';
import { Slug, Version } from './digest.ts';

const base = { name: Slug, label: z.string(), help: z.string().default(''), required: z.boolean().default(false) };

/** A question of the form. `per: hip` asks it once for every detected hip, `per: exam` once. */
export const Question = z.discriminatedUnion('kind', [
  z.object({
    ...base,
    kind: z.literal('choice'),
    per: z.enum(['exam', 'hip']),
    options: z.array(z.object({ value: Slug, label: z.string() })).min(2),
  }),
  z.object({
    ...base,
    kind: z.literal('rating'),
    per: z.enum(['exam', 'hip']),
    from: z.int(),
    to: z.int(),
    fromLabel: z.string(),
    toLabel: z.string(),
  }),
  z.object({
    ...base,
    kind: z.literal('text'),
    per: z.enum(['exam', 'hip']),
    maxLength: z.int().positive().default(4000),
  }),
]);
export type Question = z.infer<typeof Question>;

/** `pipelines/<pipeline>/evaluation.yaml`: the clinical validation around a pipeline. */
export const Evaluation = z.object({
  name: Slug,
  version: Version,
  title: z.string(),
  pipeline: Slug,
  introduction: z.string().default(''),
  questions: z.array(Question).min(1),
});
export type Evaluation = z.infer<typeof Evaluation>;
