import { and, eq, type SQL } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Database } from '../database/connection.ts';

/** An instance of a study, with the object of the bucket `dicom` that holds it. */
export interface ArchivedInstance {
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly TransferSyntaxUID: string;
  readonly key: string;
  readonly sha256: string;
}

/** Part of a study. */
export interface WithinStudy {
  readonly series?: string | undefined;
  readonly instance?: string | undefined;
}

/**
 * The images of a study, in the order in which they came. What is in quarantine does not count, and neither do Overread's
 * own objects that came back from a PACS: which result is the current one, only the runs know.
 */
export function imagesOfStudy(
  database: Database,
  StudyInstanceUID: string,
  within: WithinStudy = {},
): Promise<ArchivedInstance[]> {
  const { instance } = tables;
  const conditions: SQL[] = [eq(instance.studyInstanceUid, StudyInstanceUID), eq(instance.own, false)];
  if (within.series !== undefined) conditions.push(eq(instance.seriesInstanceUid, within.series));
  if (within.instance !== undefined) conditions.push(eq(instance.sopInstanceUid, within.instance));
  return database.db
    .select({
      SeriesInstanceUID: instance.seriesInstanceUid,
      SOPInstanceUID: instance.sopInstanceUid,
      SOPClassUID: instance.sopClassUid,
      TransferSyntaxUID: instance.transferSyntaxUid,
      key: instance.objectKey,
      sha256: instance.objectSha256,
    })
    .from(instance)
    .where(and(...conditions))
    .orderBy(instance.receivedAt, instance.sopInstanceUid);
}
