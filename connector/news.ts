import { parseRunKey } from '../lib/runs/keys.ts';
import type { Bucket } from '../schemas/store.ts';

/**
 * Whether an object's creation is stored as an event. Outputs of steps are not: the manifest, written after them, names
 * them all, nobody listens for them alone, and there are more of them than of everything else.
 */
export function isNews({ bucket, key }: { readonly bucket: Bucket; readonly key: string }): boolean {
  if (bucket !== 'runs') return true;
  const object = parseRunKey(key);
  return object !== undefined && object.kind !== 'output';
}

/** The run that the event of an object advances; undefined where it changes nothing of what is due. */
export function advancedBy({ bucket, key }: { readonly bucket: Bucket; readonly key: string }): string | undefined {
  if (bucket !== 'runs') return undefined;
  const object = parseRunKey(key);
  if (object === undefined || !['run', 'manifest', 'failed', 'retry'].includes(object.kind)) return undefined;
  return object.run;
}
