import type { StoreConfiguration } from '../platform/configuration.ts';
import { FsStore } from './fs.ts';
import type { ObjectStore } from './store.ts';

/** The object store that the configuration names. Nothing is opened before it is used. */
export function openStore(configuration: StoreConfiguration): ObjectStore {
  if (configuration.driver === 'fs') return new FsStore(configuration);
  throw new Error('The S3 driver is not built yet.');
}
