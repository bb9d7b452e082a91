import type { WebContext } from '../parts.ts';
import { maySeeStudy } from '../studies/sight.ts';
import type { Shelf } from './images.ts';
import { sightOf } from './sight.ts';

/** Where DICOMweb is. */
export const ROOT = '/dicomweb';

/** The shelf of a request: the one that its path has (`c.set('shelf', …)`), else all that the person may see. */
export function shelfOf(c: Pick<WebContext, 'var'>): Shelf {
  return (
    c.var.shelf ?? {
      root: ROOT,
      holds: (study) => maySeeStudy(c, study),
      find: (study, within) => c.var.parts.viewing.images.find(study, sightOf(c), within),
    }
  );
}
