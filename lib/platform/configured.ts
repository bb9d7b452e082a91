import { readFileSync } from 'node:fs';
import { ConfigurationError } from './configuration.ts';
import { errorCode } from './error-code.ts';

/**
 * What is in a file that the site's configuration names.
 *
 * @param setting where it is named, for the message
 * @throws {ConfigurationError} it cannot be read
 */
export function readConfigured(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${setting}: ${file} cannot be read (${errorCode(error)}).`, { cause: error });
  }
}
