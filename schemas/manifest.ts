import { z } from 'zod';
import { Instant, Sha256, Slug, Version } from './scalars.ts';
import { ObjectReference } from './store.ts';

/** What a step's work ran on. */
export const Device = z.object({
  kind: z.enum(['cpu', 'cuda']),
  /** Processor or GPU name. */
  name: z.string(),
  threads: z.int().positive(),
});
export type Device = z.infer<typeof Device>;

/** Milliseconds by stage: inputs fetched, computed, outputs stored. */
export const Timings = z.object({ fetchMs: z.number(), computeMs: z.number(), storeMs: z.number() });
export type Timings = z.infer<typeof Timings>;

/** `runs/<run>/steps/<step>/manifest.json`: written last; its event starts what needs the step. */
export const Manifest = z.object({
  run: Sha256,
  step: Slug,
  operator: Slug,
  operatorVersion: Version,
  /** SHA-256 over operator, version, parameters, models and the inputs' digests. */
  inputDigest: Sha256,
  attempt: z.int().min(1),
  startedAt: Instant,
  finishedAt: Instant,
  /** Output name → objects, in the operator's order. */
  outputs: z.record(z.string(), z.array(ObjectReference)),
  /** Small facts that conditions and people read; no PHI. */
  data: z.record(z.string(), z.unknown()),
  timings: Timings,
  device: Device,
});
export type Manifest = z.infer<typeof Manifest>;
