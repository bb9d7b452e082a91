import { claimStudy, recordInstance } from '../../lib/archive/catalogue.ts';
import { readFacts } from '../../lib/archive/facts.ts';
import { instanceKey } from '../../lib/archive/keys.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { archiveReader } from '../archive.ts';
import type { World } from './world.ts';

/** Lets a world read the archive's own tables instead of what its tests made up. */
export function readArchive(world: Pick<World, 'parts' | 'database'>): void {
  Object.assign(world.parts.archive, archiveReader(world.database));
}

/** Takes an exam of one image of this patient into the archive. */
export async function holdExam(
  { store, database }: Pick<World, 'store' | 'database'>,
  study: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  const uids = { StudyInstanceUID: study, SeriesInstanceUID: `${study}.1`, SOPInstanceUID: `${study}.1.1` };
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.2';
  const bytes = Buffer.from(writePart10({ SOPClassUID, ...uids, StudyDate: '20260131', ...attributes }));
  const object = await store.put('dicom', instanceKey(uids), bytes, 'application/dicom');
  const facts = readFacts(bytes, { keywords: [] });
  const reception = { entry: undefined, receivedAt: new Date(), facts, dataSetSha256: object.sha256 };
  await claimStudy(database.db, reception);
  await recordInstance(database.db, reception, object, undefined);
}
