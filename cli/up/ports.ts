import type { Configuration } from '../../lib/platform/configuration.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import { tryPort } from '../../lib/platform/listen.ts';
import { CommandError, EXIT } from '../exit.ts';

/**
 * Refuses to start when a port is taken, before anything is started.
 *
 * @throws {CommandError} (3) naming the port and the variable that moves it
 */
export async function requireFreePorts(configuration: Configuration): Promise<void> {
  const wanted: [variable: string, host: string, port: number][] = [
    ['OVERREAD_DICOM_PORT', configuration.dicom.host, configuration.dicom.port],
    ['OVERREAD_WEB_PORT', configuration.web.host, configuration.web.port],
    ['OVERREAD_CONNECTOR_PORT', '127.0.0.1', configuration.connector.port],
  ];
  if (configuration.faas.url === undefined) {
    wanted.push(['OVERREAD_FAAS_PORT', '127.0.0.1', configuration.faas.embeddedPort]);
  }
  for (const [variable, host, port] of wanted) {
    try {
      await tryPort(host, port);
    } catch (error) {
      const why = errorCode(error) === 'EADDRINUSE' ? 'is taken' : String(error);
      throw new CommandError(EXIT.notReady, `Port ${port} of ${host} ${why}: set ${variable} to another one.`, error);
    }
  }
}
