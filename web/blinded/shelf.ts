import { createMiddleware } from 'hono/factory';
import { SEGMENTATION_STORAGE } from '../../lib/dicom/seg/write.ts';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../lib/dicom/transfer-syntax.ts';
import type { Shelf, ViewedInstance } from '../dicomweb/images.ts';
import type { Variables, WebContext } from '../parts.ts';
import type { Copy } from './copies.ts';
import { uidsOf } from './encode.ts';
import { copyObject } from './make.ts';
import { copyInTurn } from './opened.ts';

/**
 * Below `/copies/<id>/dicomweb` there is the exam with this one copy: the images that the pipeline reads, and nothing else
 * that was made of them or came with them (a structure set that the expert sent from elsewhere would name its author).
 */
export const onlyThisCopy = createMiddleware<{ Variables: Variables }>(async function onlyThisCopy(c, next) {
  const { copy } = await copyInTurn(c);
  c.set('shelf', shelfWith(c, copy));
  await next();
});

function shelfWith({ var: { parts } }: Pick<WebContext, 'var'>, copy: Copy): Shelf {
  const admitted = parts.viewing.pipelines.get(parts.blinded.get(copy.evaluation)?.pipeline ?? '')?.admits.SOPClassUID;
  const own = instanceOf(copy);
  return {
    root: `/copies/${copy.id}/dicomweb`,
    holds: async (study) => study === copy.studyInstanceUid,
    find: async (study, within = {}) => {
      if (study !== copy.studyInstanceUid) return [];
      const images = await parts.viewing.images.find(study, async () => [], within);
      const { series = own.SeriesInstanceUID, instance = own.SOPInstanceUID } = within;
      const isAsked = series === own.SeriesInstanceUID && instance === own.SOPInstanceUID;
      return [...images.filter(({ SOPClassUID }) => admitted?.includes(SOPClassUID)), ...(isAsked ? [own] : [])];
    },
  };
}

function instanceOf(copy: Copy): ViewedInstance {
  return {
    ...copyObject(copy),
    ...uidsOf(copy.id),
    StudyInstanceUID: copy.studyInstanceUid,
    SOPClassUID: SEGMENTATION_STORAGE,
    TransferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
    digest: copy.sha256,
  };
}
