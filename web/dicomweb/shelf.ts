import type { WithinStudy } from '../../lib/archive/instances.ts';
import { maySeeStudy } from '../accounts/studies.ts';
import type { WebContext } from '../parts.ts';
import type { ViewedInstance } from './images.ts';
import { sightOf } from './sight.ts';

/** From where DICOMweb takes what it shows, for who asks: everything they may see of a study, or less. */
export interface Shelf {
  /** Path of the DICOMweb service, which the addresses in its answers begin with. */
  readonly root: string;
  /** Whether who asks may know of the study. */
  holds(study: string): Promise<boolean>;
  /** Its instances, in the order in which they are shown. */
  find(study: string, within?: WithinStudy): Promise<ViewedInstance[]>;
}

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
