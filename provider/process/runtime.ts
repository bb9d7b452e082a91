import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint, LogSink, Runtime, Workload } from '../runtime.ts';
import { splitCommand } from './command.ts';
import { endLeftovers, hasLiveOwner, ProcessLedger } from './ledger.ts';
import { Replica } from './replica.ts';

/** Time that functions of a killed provider have for their calls in hand, when its reaper did not end them. */
const LEFTOVER_GRACE_MS = 2_000;

/** Time for calls in hand when the provider itself is stopped, below the limit of lib/platform/lifecycle.ts. */
const STOP_DRAIN_MS = 8_000;

const REAPER_LIMIT_MS = 1_000;

export interface ProcessRuntimeOptions {
  /** Where the ledgers of started processes lie. */
  readonly ledgers: string;
  /** Folder that commands run in. */
  readonly home: string;
  /** What every function finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: LogSink;
}

interface Running {
  readonly workload: Workload;
  readonly replicas: Replica[];
}

/**
 * Runs functions as child processes that serve the OpenFaaS workload contract on a loopback port of their own (`PORT`).
 * They end with the provider, whatever ends it: see `ledger.ts` and `reaper.ts`.
 */
export class ProcessRuntime implements Runtime {
  readonly kind = 'process';
  readonly #options: ProcessRuntimeOptions;
  readonly #running = new Map<string, Running>();
  /** Replicas that finish their calls in hand. */
  readonly #ending = new Set<Replica>();
  #ledger: ProcessLedger | undefined;
  #reaper: ChildProcess | undefined;

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { ledgers } = this.#options;
    mkdirSync(ledgers, { recursive: true, mode: 0o700 });
    const earlier = readdirSync(ledgers).map((name) => path.join(ledgers, name));
    if (earlier.some(hasLiveOwner)) {
      throw new Error(`Another provider runs functions from this data folder (${ledgers}): stop it first.`);
    }
    await Promise.all(earlier.map((folder) => endLeftovers(folder, LEFTOVER_GRACE_MS)));
    this.#ledger = new ProcessLedger(path.join(ledgers, `${process.pid}-${randomBytes(4).toString('hex')}`));
    this.#reaper = startReaper(this.#ledger.folder);
  }

  check(command: string): void {
    splitCommand(command);
  }

  run(workload: Workload, replicas: number): void {
    void this.remove(workload.name);
    this.#running.set(workload.name, { workload, replicas: [] });
    this.scale(workload.name, replicas);
  }

  scale(name: string, replicas: number): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    while (running.replicas.length < replicas) {
      running.replicas.push(this.#start(running.workload, running.replicas.length));
    }
    void this.#end(running.replicas.splice(replicas));
  }

  async remove(name: string): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await this.#end(running?.replicas ?? []);
  }

  endpoints(name: string): readonly Endpoint[] {
    return this.#replicas(name).flatMap(({ endpoint }) => endpoint ?? []);
  }

  suspect({ id }: Endpoint): void {
    const replicas = [...this.#running.values()].flatMap((running) => running.replicas);
    void replicas.find(({ endpoint }) => endpoint?.id === id)?.suspect();
  }

  trouble(name: string): string | undefined {
    return this.#replicas(name).find(({ trouble }) => trouble !== undefined)?.trouble;
  }

  async stop(): Promise<void> {
    const replicas = [...this.#running.values()].flatMap((running) => running.replicas);
    this.#running.clear();
    const all = [...replicas, ...this.#ending];
    await Promise.all(all.map((replica) => replica.end(Math.min(replica.drainMs, STOP_DRAIN_MS))));
    this.#ledger?.close();
    await endReaper(this.#reaper);
  }

  #replicas(name: string): readonly Replica[] {
    return this.#running.get(name)?.replicas ?? [];
  }

  #start(workload: Workload, index: number): Replica {
    const ledger = this.#ledger;
    if (ledger === undefined) throw new Error('The process runtime is not open.');
    const { home, environment, log } = this.#options;
    const say = (instance: string, text: string) => log(workload.name, instance, text);
    return new Replica({ workload, index, folder: home, environment, ledger, say });
  }

  async #end(replicas: readonly Replica[]): Promise<void> {
    for (const replica of replicas) this.#ending.add(replica);
    await Promise.all(replicas.map((replica) => replica.end().then(() => this.#ending.delete(replica))));
  }
}

/** It has nothing left to do; nothing of us is to be left running when we are gone. */
async function endReaper(reaper: ChildProcess | undefined): Promise<void> {
  if (reaper?.connected !== true) return;
  const gone = once(reaper, 'exit');
  reaper.disconnect();
  await Promise.race([gone, sleep(REAPER_LIMIT_MS, undefined, { ref: false })]);
}

function startReaper(folder: string): ChildProcess {
  const reaper = spawn(process.execPath, [path.join(import.meta.dirname, 'reaper.ts'), folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  });
  reaper.unref();
  reaper.channel?.unref();
  return reaper;
}
