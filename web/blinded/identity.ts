import { createHmac } from 'node:crypto';

/**
 * What readers know a segmentation by: HMAC-SHA256 of exam and source, as 64 hexadecimal digits. The key is the site's secret
 * for this one evaluation, so that nothing of two evaluations can be held against each other.
 */
export function copyId(
  siteSecret: Buffer,
  { evaluation, StudyInstanceUID, source }: { evaluation: string; StudyInstanceUID: string; source: string },
): string {
  const key = createHmac('sha256', siteSecret).update(evaluation).digest();
  return createHmac('sha256', key).update(`${StudyInstanceUID}|${source}`).digest('hex');
}

/** The order in which a reader is given the copies of an exam: by the HMAC of reader and copy, each time the same. */
export function inOrderFor<Copy extends { readonly id: string }>(
  siteSecret: Buffer,
  reader: string,
  copies: readonly Copy[],
): Copy[] {
  const lot = ({ id }: Copy) => createHmac('sha256', siteSecret).update(`${reader}|${id}`).digest('hex');
  return copies
    .map((copy) => ({ copy, lot: lot(copy) }))
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .map(({ copy }) => copy);
}
