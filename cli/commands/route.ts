import { readFileSync } from 'node:fs';
import { checkRoutes } from '../../lib/archive/check-routes.ts';
import { explainRoutes } from '../../lib/archive/routes.ts';
import { MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import type { Configuration } from '../../lib/platform/configuration.ts';
import { loadPipelines } from '../../lib/runs/pipelines.ts';
import { CommandError, EXIT } from '../exit.ts';

/** Says for every route whether it would take this file, and why. @throws {CommandError} (2) no such file, or no DICOM */
export async function testRoute(configuration: Configuration, file: string): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new CommandError(EXIT.usage, `${file} cannot be read.`, error);
  }
  try {
    readPart10(bytes, { untilPixelData: true });
  } catch (error) {
    if (!(error instanceof MalformedDicomError)) throw error;
    throw new CommandError(EXIT.usage, `${file} cannot be asked about. ${error.message}`, error);
  }
  checkRoutes(configuration.site.routes, configuration.siteFile);
  const decisions = explainRoutes(bytes, configuration.site, loadPipelines(configuration.pipelineFolders));
  for (const { route, matched, reason } of decisions) console.log(`${matched ? 'yes' : 'no '}  ${route}: ${reason}`);
  if (!decisions.some(({ matched }) => matched)) console.log('No route takes it: it would be kept and start nothing.');
}
