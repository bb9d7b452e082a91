import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Site } from '../../site.ts';

const Status = z.object({
  parts: z.array(z.object({ name: z.string(), pid: z.int(), restarts: z.int(), ready: z.boolean() })),
});

/** A part or a function of a site. */
export interface Process {
  readonly name: string;
  readonly pid: number;
}

/** What `overread status` says of the parts, and every function that the provider runs. Linux only. */
export async function processesOf(site: Site) {
  const { parts } = Status.parse(JSON.parse((await site.overread('status', '--json')).stdout));
  const provider = parts.find(({ name }) => name === 'provider')?.pid;
  const children = readFileSync(`/proc/${provider}/task/${provider}/children`, 'utf8').trim().split(' ').map(Number);
  const functions = children.flatMap((pid): Process[] => {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const name = /functions\/([a-z-]+)\/main\.ts/.exec(command)?.[1];
    return name === undefined ? [] : [{ name, pid }];
  });
  return { parts, functions: functions.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** The largest resident size that a process has ever had, in MB. */
export function memoryPeak({ pid }: Process): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
