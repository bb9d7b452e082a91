import path from 'node:path';
import { type Configuration, HOME } from '../../lib/platform/configuration.ts';

/** A process that `overread up` starts and keeps alive. */
export interface Part {
  readonly name: 'postgres' | 'provider' | 'connector' | 'gateway' | 'web';
  /** The file that Node runs. */
  readonly entry: string;
  /** Where it listens, for people and for `overread status`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Base of `/readyz`; undefined where the part tells it when it has started, or has no such page. */
  readonly address: string | undefined;
  /** What it hears of the environment beyond ours. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The parts that this configuration needs. Only PostgreSQL must be there before the others start. */
export function partsOf(
  configuration: Configuration,
  given: { readonly postgresPort: number; readonly apiToken: string },
): Part[] {
  const { dicom, web, connector, faas } = configuration;
  const part = (name: Part['name'], ports: Part['ports'], extra: Partial<Part> = {}): Part => ({
    name,
    entry: path.join(HOME, name === 'postgres' ? 'cli/up/postgres.ts' : `${name}/main.ts`),
    ports,
    address: undefined,
    environment: {},
    ...extra,
  });
  const loopback = (port: number) => `http://127.0.0.1:${port}`;
  const parts: Part[] = [];
  if (configuration.databaseUrl === undefined) {
    const environment = { OVERREAD_POSTGRES_PORT: String(given.postgresPort) };
    parts.push(part('postgres', { postgres: given.postgresPort }, { environment }));
  }
  if (faas.url === undefined) {
    parts.push(part('provider', { http: faas.embeddedPort }, { address: loopback(faas.embeddedPort) }));
  }
  parts.push(
    part('connector', { http: connector.port }, { address: loopback(connector.port) }),
    part('gateway', { dicom: dicom.port, ...(dicom.tlsPort === undefined ? {} : { 'dicom over tls': dicom.tlsPort }) }),
    part(
      'web',
      { [isHttps(configuration) ? 'https' : 'http']: web.port },
      {
        // By HTTPS it tells where it answers this machine alone.
        address: isHttps(configuration) ? undefined : webAddress(configuration),
        environment: { OVERREAD_API_TOKEN: given.apiToken },
      },
    ),
  );
  return parts;
}

/** The address that a browser on this machine can open. */
export function webAddress(configuration: Pick<Configuration, 'web' | 'site'>): string {
  const { web } = configuration;
  const host = ['0.0.0.0', '::'].includes(web.host) ? '127.0.0.1' : web.host;
  return `${isHttps(configuration) ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${web.port}`;
}

function isHttps({ site }: Pick<Configuration, 'site'>): boolean {
  return site.web.tls !== undefined;
}
