import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { AETitle } from '../../schemas/pipeline.ts';
import { SiteFile } from '../../schemas/site.ts';
import { firstIssue } from './issue.ts';

/** The folder of the clone: functions, pipelines and models are found below it. */
export const HOME = path.resolve(import.meta.dirname, '../..');

/** A wrong setting. The message is one line that names the setting and what to do. Commands end with status 2 on it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const PORT = 'a port from 1 to 65535';
const port = z.coerce.number(PORT).int(PORT).min(1, PORT).max(65535, PORT);
const SECONDS = 'a number of seconds, 0 or more';
const folders = z.string().transform((text) => text.split(':').filter((folder) => folder !== ''));
const optionalText = z.string().min(1).optional();

/** Every environment variable of the product, with its default. An empty value counts as absent. */
export const Environment = z.object({
  OVERREAD_CONFIG: z.string().default(path.join(HOME, 'deploy/overread.yaml')),
  OVERREAD_DATA: z
    .string()
    .default('.overread')
    .transform((folder) => path.resolve(folder)),
  OVERREAD_DICOM_HOST: z.string().default('127.0.0.1'),
  OVERREAD_DICOM_PORT: port.default(11112),
  OVERREAD_DICOM_TLS_PORT: port.default(2762),
  OVERREAD_AE_TITLE: AETitle.default('OVERREAD'),
  OVERREAD_WEB_HOST: z.string().default('127.0.0.1'),
  OVERREAD_WEB_PORT: port.default(8000),
  OVERREAD_CONNECTOR_PORT: port.default(8090),
  OVERREAD_FAAS_PORT: port.default(8080),
  OVERREAD_QUIET_SECONDS: z.coerce.number(SECONDS).nonnegative(SECONDS).optional(),
  OVERREAD_PIPELINES: folders.default([]),
  OVERREAD_MODELS: folders.default([]),
  OVERREAD_ADMIN_PASSWORD: optionalText,
  OVERREAD_API_TOKEN: optionalText,
  OVERREAD_FAAS_PASSWORD: optionalText,
  OVERREAD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  OPENFAAS_URL: z.url().optional(),
  OPENFAAS_USER: z.string().default('admin'),
  OPENFAAS_PASSWORD: optionalText,
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'an address such as postgres://user:password@host:5432/database')
    .optional(),
  S3_ENDPOINT: z.url().optional(),
  S3_ACCESS_KEY: optionalText,
  S3_SECRET_KEY: optionalText,
  S3_BUCKET_PREFIX: z
    .string()
    .regex(/^[a-z0-9.-]{0,40}$/, 'lower-case letters, digits, dots and hyphens')
    .default(''),
});
export type Environment = z.infer<typeof Environment>;

/** Where objects are kept. */
export type StoreConfiguration =
  | { readonly driver: 'fs'; readonly folder: string; readonly journal: string }
  | {
      readonly driver: 's3';
      readonly endpoint: string;
      readonly accessKey: string;
      readonly secretKey: string;
      readonly bucketPrefix: string;
    };

export type Configuration = Readonly<ReturnType<typeof readConfiguration>>;

/**
 * The configuration in effect: `environment` over the site's file over the defaults.
 *
 * @param environment usually `process.env`
 * @throws {ConfigurationError} naming the first wrong setting in one line
 */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>) {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const env = parseOrRefuse(Environment, present, 'environment');
  const site = parseOrRefuse(SiteFile, readYaml(env.OVERREAD_CONFIG), env.OVERREAD_CONFIG);
  const data = env.OVERREAD_DATA;
  const store = storeConfiguration(env, data);
  return {
    data,
    /** Variables that look like settings and are none: misspelled, most likely. */
    ignored: Object.keys(present).filter((name) => name.startsWith('OVERREAD_') && !(name in Environment.shape)),
    /** Folders searched for pipelines, then for models: the product's own first. */
    pipelineFolders: [path.join(HOME, 'pipelines'), ...env.OVERREAD_PIPELINES],
    modelFolders: [path.join(HOME, 'models'), ...env.OVERREAD_MODELS],
    spool: path.join(data, 'spool'),
    secrets: path.join(data, 'secrets'),
    dicom: {
      host: env.OVERREAD_DICOM_HOST,
      port: env.OVERREAD_DICOM_PORT,
      /** Where the site has a certificate for it; undefined else. */
      tlsPort: site.dicom.tls && env.OVERREAD_DICOM_TLS_PORT,
      aeTitle: env.OVERREAD_AE_TITLE,
    },
    web: { host: env.OVERREAD_WEB_HOST, port: env.OVERREAD_WEB_PORT },
    connector: { port: env.OVERREAD_CONNECTOR_PORT },
    faas: {
      ...faasElsewhere(env),
      embeddedPort: env.OVERREAD_FAAS_PORT,
      embeddedPassword: env.OVERREAD_FAAS_PASSWORD,
    },
    quietSeconds: env.OVERREAD_QUIET_SECONDS,
    adminPassword: env.OVERREAD_ADMIN_PASSWORD,
    apiToken: env.OVERREAD_API_TOKEN,
    logLevel: env.OVERREAD_LOG_LEVEL,
    /** Undefined: the embedded PostgreSQL below the data folder. */
    databaseUrl: env.DATABASE_URL,
    store,
    /** Where `site` was read. */
    siteFile: env.OVERREAD_CONFIG,
    site,
  } as const;
}

/** Only what a function needs: the store, the log level. A function has no database and no site. */
export function readStoreConfiguration(environment: Readonly<Record<string, string | undefined>>): StoreConfiguration {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const env = parseOrRefuse(Environment, present, 'environment');
  return storeConfiguration(env, env.OVERREAD_DATA);
}

/** Address and credentials of an OpenFaaS elsewhere. An undefined `url`: the embedded provider. */
function faasElsewhere({ OPENFAAS_URL: url, OPENFAAS_USER: user, OPENFAAS_PASSWORD: password }: Environment) {
  if (url === undefined) return { url };
  if (password === undefined) {
    throw new ConfigurationError(
      'OPENFAAS_URL is set, but OPENFAAS_PASSWORD is not: set both, or neither for the embedded provider.',
    );
  }
  return { url, user, password };
}

function storeConfiguration(env: Environment, data: string): StoreConfiguration {
  if (env.S3_ENDPOINT === undefined) {
    if (env.OPENFAAS_URL !== undefined) {
      throw new ConfigurationError('OPENFAAS_URL needs an S3 store: set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY.');
    }
    return { driver: 'fs', folder: path.join(data, 'store'), journal: path.join(data, 'journal') };
  }
  if (env.S3_ACCESS_KEY === undefined || env.S3_SECRET_KEY === undefined) {
    throw new ConfigurationError(
      'S3_ENDPOINT is set, but S3_ACCESS_KEY or S3_SECRET_KEY is not: set all three or none.',
    );
  }
  return {
    driver: 's3',
    endpoint: env.S3_ENDPOINT,
    accessKey: env.S3_ACCESS_KEY,
    secretKey: env.S3_SECRET_KEY,
    bucketPrefix: env.S3_BUCKET_PREFIX,
  };
}

function readYaml(file: string): unknown {
  try {
    return parseYaml(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new ConfigurationError(`The site's configuration ${file} cannot be read: ${firstLine(error)}`, {
      cause: error,
    });
  }
}

function parseOrRefuse<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(`${where}: ${firstIssue(parsed.error)}`);
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}
