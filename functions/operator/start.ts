import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import {
  ConfigurationError,
  readStoreConfiguration,
  type StoreConfiguration,
} from '../../lib/platform/configuration.ts';
import { firstIssue } from '../../lib/platform/issue.ts';
import { runService } from '../../lib/platform/lifecycle.ts';
import { createLog } from '../../lib/platform/log.ts';
import { openStore } from '../../lib/store/open.ts';
import type { Operator } from './define.ts';
import { runLocally } from './local.ts';
import { operatorService } from './server.ts';

/** A call in hand at SIGTERM may take as long as the longest step of a pipeline. */
const LONGEST_CALL_MS = 900_000;

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  /** Containers set 0.0.0.0; a process on a machine answers that machine only. */
  OVERREAD_FUNCTION_HOST: z.string().default('127.0.0.1'),
  secret_mount_path: z.string().default('/var/openfaas/secrets'),
});

/** The whole of a function's `main.ts`: serves the operator, or with arguments runs it on local files. */
export async function main(operator: Operator, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  if (args.length > 0) {
    process.exitCode = await runLocally(operator, args);
    return;
  }
  try {
    serveOperator(operator, process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

/** Serves the operator until SIGTERM or the end of the supervisor. @throws {ConfigurationError} */
export function serveOperator(operator: Operator, environment: Readonly<Record<string, string | undefined>>): void {
  const env = Environment.safeParse(environment);
  if (!env.success) throw new ConfigurationError(`environment: ${firstIssue(env.error)}`);
  const { PORT: port, OVERREAD_FUNCTION_HOST: host, secret_mount_path: secrets } = env.data;
  const log = createLog(operator.name);
  const store = openStore(storeConfiguration(environment, secrets));
  runService(operatorService({ operator, store, log, host, port }), log, { stopLimitMs: LONGEST_CALL_MS });
}

/** The store's settings; its keys may lie in the secrets' folder, where OpenFaaS mounts them. */
export function storeConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  secrets: string,
): StoreConfiguration {
  return readStoreConfiguration({
    ...environment,
    S3_ACCESS_KEY: environment.S3_ACCESS_KEY || readSecret(secrets, 's3-access-key'),
    S3_SECRET_KEY: environment.S3_SECRET_KEY || readSecret(secrets, 's3-secret-key'),
  });
}

function readSecret(folder: string, name: string): string | undefined {
  try {
    return readFileSync(path.join(folder, name), 'utf8').trim();
  } catch {
    return undefined;
  }
}
