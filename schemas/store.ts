import { z } from 'zod';
import { Sha256 } from './scalars.ts';

/** The buckets of the product, without the site's prefix. */
export const BUCKETS = ['dicom', 'runs', 'results', 'feedback', 'models'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** The buckets whose new objects are announced as events. The others are only listed. */
export const EVENT_BUCKETS = ['runs', 'results', 'feedback'] as const satisfies readonly Bucket[];

/** A named object in the store: where it is, and what its bytes must be. */
export const ObjectReference = z.object({
  bucket: z.enum(BUCKETS),
  /** Key inside the bucket, never escaped. */
  key: z.string().min(1),
  sha256: Sha256,
  /** Bytes. */
  size: z.int().nonnegative(),
  contentType: z.string().default('application/octet-stream'),
});
export type ObjectReference = z.infer<typeof ObjectReference>;

/**
 * "An object was created", as the drivers hand it to the connector. `deduplicationKey` is equal for two deliveries of the
 * same creation and differs for two creations of the same key.
 */
export const ObjectEvent = z.object({
  bucket: z.enum(BUCKETS),
  key: z.string().min(1),
  eventTime: z.string(),
  deduplicationKey: z.string().min(1),
});
export type ObjectEvent = z.infer<typeof ObjectEvent>;
