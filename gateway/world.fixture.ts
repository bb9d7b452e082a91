import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { HOME, readConfiguration } from '../lib/platform/configuration.ts';
import { openStore } from '../lib/store/open.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { DCMTK_ENVIRONMENT } from '../tests/peers/debian.ts';

/** A pipeline without models, so that tests do not need the real one's weights. */
const PIPELINE = `
name: hip-fracture-detection
version: 1.0.0
title: Hip fracture detection
calledAETitle: CI2_CD_HIP_FRAC
quietSeconds: 60
admits:
  SOPClassUID: [1.2.840.10008.5.1.4.1.1.1, 1.2.840.10008.5.1.4.1.1.1.1]
steps:
  - { name: dicom-parser, operator: dicom-parser, inputs: { instances: run.instances } }
`;

/** Settings of one gateway under test. */
export interface TestbedOptions {
  /** An empty, migrated database. */
  readonly databaseUrl: string;
  /** A free port of 127.0.0.1. */
  readonly port: number;
  /** Seconds; tests that wait for a run make it short, others so long that none is made. */
  readonly quietSeconds?: number;
  /** The site's file; the product's default where it is not given. */
  readonly siteYaml?: string;
}

/** For tests: one gateway as a process of its own, with an empty data folder and store. */
export class Testbed {
  readonly folder: string;
  readonly port: number;
  readonly store: ObjectStore;
  readonly sql: postgres.Sql;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  /** Address of the health pages of the running gateway. */
  address = '';

  constructor(options: TestbedOptions) {
    const folder = mkdtempSync(path.join(tmpdir(), 'overread-gateway-'));
    const { databaseUrl, port } = options;
    this.folder = folder;
    this.port = port;
    const pipelines = path.join(folder, 'pipelines/hip');
    mkdirSync(pipelines, { recursive: true });
    writeFileSync(path.join(pipelines, 'pipeline.yaml'), PIPELINE);
    if (options.siteYaml !== undefined) writeFileSync(path.join(folder, 'site.yaml'), options.siteYaml);
    this.#environment = {
      PATH: process.env.PATH,
      OVERREAD_DATA: path.join(folder, 'data'),
      OVERREAD_DICOM_PORT: String(port),
      OVERREAD_PIPELINES: path.join(folder, 'pipelines'),
      OVERREAD_QUIET_SECONDS: String(options.quietSeconds ?? 600),
      OVERREAD_LOG_LEVEL: 'warn',
      DATABASE_URL: databaseUrl,
      ...(options.siteYaml === undefined ? {} : { OVERREAD_CONFIG: path.join(folder, 'site.yaml') }),
    };
    this.store = openStore(readConfiguration(this.#environment).store);
    this.sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  }

  /** Starts the gateway and waits until it accepts associations. */
  async start(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = fork(path.join(HOME, 'gateway/main.ts'), {
      env: { ...this.#environment, ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The gateway ended at its start: ${code}.`))),
    ]);
    this.address = message.address;
  }

  /** Ends the gateway at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Stops it and removes everything it left. */
  async destroy(): Promise<void> {
    await this.stop();
    await this.sql.end({ timeout: 1 });
    await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Sends files with dcmtk's storescu. Rejects when it fails. */
  async storescu(files: readonly string[], options: readonly string[] = [], called = 'OVERREAD'): Promise<void> {
    const { status, output } = await run('storescu', [
      ...options,
      '-aet',
      'SENDER',
      '-aec',
      called,
      '127.0.0.1',
      String(this.port),
      ...files,
    ]);
    if (status !== 0) throw new Error(`storescu ended with ${status}: ${output}`);
  }

  /** Waits until the spool is empty: everything that was answered is in the store and the index, or in quarantine. */
  async ingested(): Promise<void> {
    await until(
      'the spool to be empty',
      async () => (await this.metric('overread_gateway_spool_entries')) === 0,
      60_000,
    );
  }

  /** A value of the running gateway's metrics, summed over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.address}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Keys of a bucket. */
  async keys(bucket: 'dicom' | 'runs', prefix = ''): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list(bucket, prefix)) keys.push(key);
    return keys;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

/** Waits for a condition by asking again and again; fails with `what` after a limit. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${limitMs} ms for ${what}.`);
    await sleep(20);
  }
}

/** Runs a program of dcmtk. */
export function run(program: string, parameters: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { env: DCMTK_ENVIRONMENT });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? -1, output }));
  });
}
