import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Configuration, readConfiguration } from '../../lib/platform/configuration.ts';
import { readStatusFile } from './data-folder.ts';

/** Beginning of the name of a demo's folder below the system's folder for temporary files; its data lie in `data`. */
export const DEMO_FOLDER = 'overread-demo-';

/**
 * The configuration of the Overread that runs here: on the data folder that is set, else a demo's if there is just one;
 * where nothing runs, that of the data folder.
 *
 * @param environment usually `process.env`
 */
export function runningConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const configuration = readConfiguration(environment);
  if (readStatusFile(configuration) !== undefined) return configuration;
  const isNamed = (environment.OVERREAD_DATA ?? '') !== '';
  const [demo, other] = isNamed ? [] : runningDemos(environment);
  return demo !== undefined && other === undefined ? demo : configuration;
}

function runningDemos(environment: Readonly<Record<string, string | undefined>>): Configuration[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(DEMO_FOLDER))
    .map((name) => readConfiguration({ ...environment, OVERREAD_DATA: path.join(tmpdir(), name, 'data') }))
    .filter(isRunning);
}

/** A demo of somebody else cannot be read, and is not ours to speak of. */
function isRunning(configuration: Configuration): boolean {
  try {
    return readStatusFile(configuration) !== undefined;
  } catch {
    return false;
  }
}
