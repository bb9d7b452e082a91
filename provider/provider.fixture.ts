import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HOME, readConfiguration } from '../lib/platform/configuration.ts';
import { FaasClient } from './client.ts';
import { processIdentity } from './process/identity.ts';

const FIXTURE = 'node provider/fixture/function.ts';
export const ECHO = { service: 'echo', image: 'test/echo:1', envProcess: FIXTURE };

/** For tests: a provider process on a data folder and a port of its own. */
export class Provider {
  readonly data = mkdtempSync(path.join(tmpdir(), 'overread-provider-'));
  readonly environment: Record<string, string>;
  readonly client: FaasClient;
  #process: ChildProcess | undefined;

  constructor(port: number) {
    this.environment = {
      PATH: process.env.PATH ?? '',
      OVERREAD_DATA: this.data,
      OVERREAD_FAAS_PORT: String(port),
      OVERREAD_LOG_LEVEL: 'error',
    };
    this.client = FaasClient.of(readConfiguration(this.environment));
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['provider/main.ts'], {
      cwd: HOME,
      env: this.environment,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (status) => reject(new Error(`The provider ended with status ${status}.`)));
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  get #ledgers(): string {
    return path.join(this.data, 'provider/processes');
  }

  /** Folder of the ledger of the provider that runs. */
  ledger(): string {
    const [name, ...others] = readdirSync(this.#ledgers);
    if (name === undefined || others.length > 0) throw new Error(`One ledger was expected: ${name}, ${others}`);
    return path.join(this.#ledgers, name);
  }

  /** The first process of every function's group. */
  groups(): number[] {
    return readdirSync(this.ledger())
      .filter((file) => /^\d+\.json$/.test(file))
      .map((file) => parseInt(file, 10));
  }

  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Asks until it is so; the test's own time limit ends it. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const ready = (client: FaasClient, name: string, replicas = 1) =>
  until(async () => (await client.describe(name))?.availableReplicas === replicas);

export interface Echo {
  readonly pid: number;
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly environment: Record<string, string>;
  readonly secrets: Record<string, string>;
}

/** What a function in a process of its own was given, told by itself; waits until it takes calls. */
export async function call(client: FaasClient, name: string, body = ''): Promise<Echo> {
  return until(async () => {
    const { status, body: answer } = await client.invoke(name, body);
    return status === 200 && JSON.parse(String(answer));
  });
}

export const isGone = (pid: number) => until(async () => processIdentity(pid) === undefined);
