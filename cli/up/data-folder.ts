import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Configuration } from '../../lib/platform/configuration.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import { keepSecret } from '../../lib/platform/secrets.ts';
import { CommandError, EXIT } from '../exit.ts';

/** `status.json` in the data folder: what `overread up` runs, for the other commands. */
export const StatusFile = z.object({
  pid: z.int(),
  startedAt: z.string(),
  web: z.string(),
  parts: z.array(
    z.object({
      name: z.string(),
      pid: z.int().nullable(),
      ports: z.record(z.string(), z.int()),
      address: z.string().nullable(),
      state: z.enum(['starting', 'ready', 'restarting', 'stopped']),
      restarts: z.int(),
    }),
  ),
});
export type StatusFile = z.infer<typeof StatusFile>;

const statusPath = (configuration: Configuration) => path.join(configuration.data, 'status.json');

/** Makes the data folder, in which nobody but its owner can read anything. */
export function prepareDataFolder(configuration: Configuration): void {
  // Others may pass through the data folder (PostgreSQL's own account must reach its cluster), and read nothing in it.
  mkdirSync(configuration.data, { recursive: true, mode: 0o711 });
  for (const folder of [configuration.secrets, path.join(configuration.data, 'logs')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

/** What runs on this data folder; undefined where nothing does. A file that a killed supervisor left counts as nothing. */
export function readStatusFile(configuration: Configuration): StatusFile | undefined {
  if (!existsSync(statusPath(configuration))) return undefined;
  const parsed = StatusFile.safeParse(JSON.parse(readFileSync(statusPath(configuration), 'utf8')));
  return parsed.success && isOverread(parsed.data.pid) ? parsed.data : undefined;
}

/** @returns the code of why it cannot be written, on a full disk for instance: no reason for a supervisor to end */
export function writeStatusFile(configuration: Configuration, status: StatusFile): string | undefined {
  const unfinished = `${statusPath(configuration)}.${process.pid}`;
  try {
    writeFileSync(unfinished, JSON.stringify(status, null, 2));
    renameSync(unfinished, statusPath(configuration));
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

export function removeStatusFile(configuration: Configuration): void {
  rmSync(statusPath(configuration), { force: true });
}

/** The token of the REST API: the configured one, else one made at the first start and kept. */
export function apiToken(configuration: Configuration): string {
  return (
    configuration.apiToken ?? keepSecret(configuration.secrets, 'api-token', randomBytes(32).toString('base64url'))
  );
}

/**
 * Where people find the running Overread, where its REST API answers this machine, and the token for it.
 *
 * @throws {CommandError} nothing runs here (3)
 */
export function runningApi(configuration: Configuration) {
  const status = readStatusFile(configuration);
  if (status === undefined) throw notRunning(configuration);
  const inside = status.parts.find(({ name }) => name === 'web')?.address ?? status.web;
  return { web: status.web, inside, token: apiToken(configuration) };
}

/** (3): nothing runs on the data folder. */
export function notRunning({ data }: Configuration): CommandError {
  const hint = 'start it with `npm start`, or name the data folder of one that runs in OVERREAD_DATA.';
  return new CommandError(EXIT.notReady, `Overread does not run on ${data}: ${hint}`);
}

function isOverread(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process id may have been given to another program since.
  const commandLine = `/proc/${pid}/cmdline`;
  return !existsSync(commandLine) || /[/\0](cli\/main\.ts|overread)\0/.test(readFileSync(commandLine, 'utf8'));
}
