import type { StoreConfiguration } from '../platform/configuration.ts';
import { FsStore } from './fs.ts';
import { S3Store } from './s3.ts';
import type { ObjectStore } from './store.ts';

/** The object store that the configuration names. Nothing is opened before it is used. */
export function openStore(configuration: StoreConfiguration): ObjectStore {
  return configuration.driver === 'fs' ? new FsStore(configuration) : new S3Store(configuration);
}
