import type { Database } from '../../lib/database/connection.ts';
import type { Logger } from '../../lib/platform/log.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import { StudyImages } from '../dicomweb/images.ts';
import { ViewerProgram } from './program.ts';

/** What DICOMweb and the viewer work with. */
export class Viewing {
  readonly images: StudyImages;
  readonly program: ViewerProgram;
  /** By name: whose results may be edited. */
  readonly pipelines: ReadonlyMap<string, Pipeline>;

  /** @param options.folder where the viewer is installed; it may be so later, or never */
  constructor(options: {
    readonly store: ObjectStore;
    readonly database: Database;
    readonly log: Logger;
    readonly folder: string;
    readonly pipelines: ReadonlyMap<string, Pipeline>;
  }) {
    this.pipelines = options.pipelines;
    this.images = new StudyImages(options);
    this.program = new ViewerProgram(options.folder);
  }
}
