import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Site } from '../site.ts';

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What Linux says a process does, to be read where one ought to have ended: its state, where it waits, its command. */
export function whatItDoes(pid: number): string {
  try {
    const [state, waits, command] = ['status', 'wchan', 'cmdline'].map((name) =>
      readFileSync(`/proc/${pid}/${name}`, 'utf8'),
    );
    return `${state?.match(/State:.*/)?.[0]}, ${waits}, ${command?.replaceAll('\0', ' ')}`;
  } catch {
    return 'it has just ended';
  }
}

/** Process id of a function that a provider runs. */
export function functionPid(provider: number, name: string): number {
  for (const entry of readdirSync('/proc').filter((candidate) => /^\d+$/.test(candidate))) {
    try {
      const parent = Number(readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
      if (parent === provider && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(`/${name}/`)) {
        return Number(entry);
      }
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error(`The provider runs no function ${name}.`);
}

/** Process id of a site's PostgreSQL itself. */
export function postgresPid(site: Site): number {
  const cluster = realpathSync(path.join(site.data, 'postgres/cluster'));
  return Number(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** The middle and the largest of some durations, as a person reads them. @param durations ms */
export function summary(durations: readonly number[]): string {
  const sorted = durations.toSorted((a, b) => a - b);
  const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)} s`;
  return `median ${seconds(sorted[Math.floor(sorted.length / 2)])}, longest ${seconds(sorted.at(-1))}`;
}
