import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { goBinary } from './go.ts';

/** Time for the server to be ready, ms. */
const START_LIMIT_MS = 30_000;

/** A real MinIO with a data folder of its own. */
export interface Minio {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Ends it at once, as a power cut would; its data stay. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data, after `kill`. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** The path of the MinIO server (Apache-2.0 until this commit), built on first use; undefined where it cannot be had. */
export function minioBinary(): Promise<string | undefined> {
  return goBinary({
    name: 'minio',
    module: 'github.com/minio/minio',
    version: 'v0.0.0-20210407225602-2899cc92b45f',
  });
}

/** Starts a MinIO on a free port of this machine. @returns undefined where it cannot be had: skip, and say so */
export async function startMinio(): Promise<Minio | undefined> {
  const binary = await minioBinary();
  if (binary === undefined) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-minio-'));
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = `http://${address}`;
  const [accessKey, secretKey] = ['overread-tests', 'not-a-secret-at-all'];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(binary ?? '', ['server', '--quiet', '--address', address, folder], {
      env: { ...process.env, MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, HOME: folder },
      stdio: 'ignore',
    });
    await answers(endpoint);
  }

  // A test process that ends early must not leave it behind.
  const end = () => child?.kill('SIGKILL');
  process.once('exit', end);

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  await start();
  return {
    endpoint,
    accessKey,
    secretKey,
    kill,
    restart: start,
    stop: async () => {
      await kill();
      process.off('exit', end);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(endpoint: string): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  while (Date.now() < limit) {
    const response = await fetch(`${endpoint}/minio/health/ready`).catch(() => undefined);
    if (response?.ok) return;
    await setTimeout(20);
  }
  throw new Error(`MinIO was not ready at ${endpoint} within ${START_LIMIT_MS / 1000} s.`);
}
