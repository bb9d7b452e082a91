import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from './identity.ts';

const ProcessRecord = z.object({ pid: z.int().positive(), identity: z.string() });
type ProcessRecord = z.infer<typeof ProcessRecord>;

const OWNER = 'owner.json';
const POLL_MS = 50;

/**
 * The process groups that one provider started, one file each, so that whoever comes after it can end them: the reaper
 * beside it at once, or the next provider. A pid alone is no proof, it may belong to somebody else by then; the time of
 * start is kept with it.
 */
export class ProcessLedger {
  readonly folder: string;

  /** @param folder a new one for each provider process */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#write(OWNER, process.pid);
  }

  add(pid: number): void {
    this.#write(`${pid}.json`, pid);
  }

  delete(pid: number): void {
    rmSync(path.join(this.folder, `${pid}.json`), { force: true });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(file: string, pid: number): void {
    const identity = processIdentity(pid);
    if (identity !== undefined) writeFileSync(path.join(this.folder, file), JSON.stringify({ pid, identity }));
  }
}

/** Whether the provider that made the ledger in `folder` still runs. */
export function hasLiveOwner(folder: string): boolean {
  const owner = readRecord(path.join(folder, OWNER));
  return owner !== undefined && isAlive(owner);
}

/**
 * Ends the process groups of the ledger in `folder`: SIGTERM, SIGKILL after `graceMs`; then the ledger itself. Anybody
 * may call it, also twice at the same time.
 */
export async function endLeftovers(folder: string, graceMs: number): Promise<void> {
  const leftovers = listRecords(folder).filter(isAlive);
  for (const { pid } of leftovers) signalGroup(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && leftovers.some(isAlive)) await sleep(POLL_MS);
  // The first process of a group may have ended and left others; nobody else got its number in that short time.
  for (const { pid } of leftovers) signalGroup(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

/** Sends a signal to a process and all it started; nothing happens when they are gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

function isAlive({ pid, identity }: ProcessRecord): boolean {
  return processIdentity(pid) === identity;
}

function listRecords(folder: string): ProcessRecord[] {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch {
    return [];
  }
  return files
    .filter((file) => file !== OWNER)
    .map((file) => readRecord(path.join(folder, file)))
    .filter((record) => record !== undefined);
}

/** Undefined for a file that was half written when its provider was killed. */
function readRecord(file: string): ProcessRecord | undefined {
  try {
    return ProcessRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
