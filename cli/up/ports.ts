import type { Configuration } from '../../lib/platform/configuration.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import { tryPort } from '../../lib/platform/listen.ts';
import { CommandError, EXIT } from '../exit.ts';

/** A port that a start needs, and the variables that move it. */
interface WantedPort {
  readonly host: string;
  readonly port: number;
  readonly portVariable: string;
  /** Absent where the host is loopback and nobody can choose another. */
  readonly hostVariable?: string;
}

/**
 * Refuses to start when a port cannot be had, before anything is started.
 *
 * @throws {CommandError} (3) naming the port and the variable that moves it
 */
export async function requireFreePorts({ dicom, web, connector, faas }: Configuration): Promise<void> {
  const loopback = { host: '127.0.0.1' };
  const wanted: WantedPort[] = [
    { host: dicom.host, port: dicom.port, portVariable: 'OVERREAD_DICOM_PORT', hostVariable: 'OVERREAD_DICOM_HOST' },
    { host: web.host, port: web.port, portVariable: 'OVERREAD_WEB_PORT', hostVariable: 'OVERREAD_WEB_HOST' },
    ...(dicom.tlsPort === undefined
      ? []
      : [
          {
            host: dicom.host,
            port: dicom.tlsPort,
            portVariable: 'OVERREAD_DICOM_TLS_PORT',
            hostVariable: 'OVERREAD_DICOM_HOST',
          },
        ]),
    { ...loopback, port: connector.port, portVariable: 'OVERREAD_CONNECTOR_PORT' },
  ];
  if (faas.url === undefined) {
    wanted.push({ ...loopback, port: faas.embeddedPort, portVariable: 'OVERREAD_FAAS_PORT' });
  }
  for (const one of wanted) {
    try {
      await tryPort(one.host, one.port);
    } catch (error) {
      throw new CommandError(EXIT.notReady, portRefusal(one, error), error);
    }
  }
}

/** Why a port cannot be had, and what to set. */
export function portRefusal({ host, port, portVariable, hostVariable }: WantedPort, error: unknown): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken: set ${portVariable} to another one.`;
    case 'EACCES':
      return `Port ${port} of ${host} may not be opened by this account: set ${portVariable} to one of 1024 or above.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      if (hostVariable !== undefined)
        return `${host} is no address of this machine: set ${hostVariable} to one that is.`;
  }
  return `Port ${port} of ${host} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`;
}
