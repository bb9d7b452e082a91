/** Keys of the bucket `dicom`. The one place that knows them. */

/** Every instance that counts. */
export const INSTANCES_PREFIX = 'studies/';

/** Every instance that does not count until a person decides. */
export const QUARANTINE_PREFIX = 'quarantine/';

export const instanceKey = (instance: {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
}) =>
  `${INSTANCES_PREFIX}${instance.StudyInstanceUID}/series/${instance.SeriesInstanceUID}/instances/${instance.SOPInstanceUID}.dcm`;

/** What people decided of instances in quarantine. */
export const DECISIONS_PREFIX = 'decisions/';

/** @param sha256 of the file */
export const decisionKey = (sha256: string) => `${DECISIONS_PREFIX}${sha256}.json`;

/** An instance that a person has discarded: kept, and counted nowhere. @param sha256 of the file */
export const discardedKey = (sha256: string) => `discarded/${sha256}.dcm`;

/** @param sha256 of the file */
export const quarantineKey = (sha256: string) => `${QUARANTINE_PREFIX}${sha256}.dcm`;
