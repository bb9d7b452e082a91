import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { StatusFile } from '../cli/up/data-folder.ts';
import { readiness } from '../cli/up/up.ts';
import { HOME, readStoreConfiguration } from '../lib/platform/configuration.ts';
import { openStore } from '../lib/store/open.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { RunView, StudyView } from '../schemas/api.ts';
import { freePort } from './ports.ts';

/** Real images for tests, beside the clone; a test that needs them skips where they are absent. */
export const REAL_DATA = path.resolve(HOME, '../shared/data');

/** Of the first administrator, `admin`. */
export const ADMIN_PASSWORD = 'a long password of this test';

const TOKEN = 'token-of-this-test-run';
const READY_LIMIT_MS = 240_000;

/** A whole Overread in a folder of its own, as `npm start` runs it. */
export interface Site {
  readonly data: string;
  readonly web: string;
  readonly dicomPort: number;
  readonly connectorPort: number;
  readonly faas: { readonly url: string; readonly user: string; readonly password: string };
  /** Everything it printed so far. */
  output(): string;
  /** `overread …` with this site's environment; exit status and output. */
  overread(...parameters: string[]): Promise<{ status: number; stdout: string; stderr: string }>;
  /** The JSON answer of the REST API, as administrator. */
  api(pathAndQuery: string, init?: RequestInit): Promise<Response>;
  runs(studyInstanceUid: string): Promise<RunView[]>;
  study(studyInstanceUid: string): Promise<StudyView>;
  /** Answers once when it listens, and then at each change of the study's runs, as an open page hears it. */
  changes(studyInstanceUid: string): AsyncGenerator<void>;
  /** Its object store, to look into; close it. */
  openStore(): ObjectStore;
  /** Waits until `count` runs of the study have ended; newest first. */
  untilEnded(studyInstanceUid: string, count?: number, limitMs?: number): Promise<RunView[]>;
  /** Process id of a part, by the status file that `overread status` reads. */
  pidOf(part: string): Promise<number>;
  untilReady(): Promise<void>;
  /** SIGTERM, as a person's Ctrl-C; answers the exit status. The data stay until `remove`. */
  stop(): Promise<number | null>;
  /** SIGKILL of the supervisor alone. */
  kill(): Promise<void>;
  /** Starts again on the same data. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** Environment of a site: each variable of the contract may be set over the defaults of a test. */
export type SiteEnvironment = Readonly<Record<string, string>>;

/**
 * Starts a site and waits until it says that it is ready.
 *
 * @param clone the folder that it runs from
 */
export async function startSite(environment: SiteEnvironment = {}, clone = HOME): Promise<Site> {
  const data = environment.OVERREAD_DATA ?? temporaryData();
  const dicomPort = await freePort();
  const webPort = await freePort();
  const connectorPort = await freePort();
  const faasPort = await freePort();
  const env = {
    ...process.env,
    OVERREAD_DATA: data,
    OVERREAD_DICOM_PORT: String(dicomPort),
    OVERREAD_WEB_PORT: String(webPort),
    OVERREAD_CONNECTOR_PORT: String(connectorPort),
    OVERREAD_FAAS_PORT: String(faasPort),
    OVERREAD_QUIET_SECONDS: '0.5',
    OVERREAD_API_TOKEN: TOKEN,
    OVERREAD_ADMIN_PASSWORD: ADMIN_PASSWORD,
    ...environment,
  };
  const web = `http://127.0.0.1:${webPort}`;
  let process_: ChildProcess | undefined;
  let output = '';

  const start = async () => {
    const child = spawn(process.execPath, ['cli/main.ts', 'up'], {
      cwd: clone,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process_ = child;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Not ready in time:\n${output}`)), READY_LIMIT_MS);
      const hear = (chunk: Buffer) => {
        output += chunk.toString();
        if (chunk.toString().includes('Overread is ready:')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (status) => reject(new Error(`Ended with status ${status}:\n${output}`)));
      child.once('exit', () => clearTimeout(timer));
    });
  };

  const api = (pathAndQuery: string, init: RequestInit = {}) =>
    fetch(`${web}/api/v1${pathAndQuery}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });

  const overread = async (...parameters: string[]) => {
    const run = promisify(execFile)(process.execPath, ['cli/main.ts', ...parameters], { cwd: clone, env });
    return run.then(
      ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
      (error: { code?: number; stdout?: string; stderr?: string }) => ({
        status: error.code ?? -1,
        stdout: error.stdout ?? '',
        stderr: error.stderr ?? '',
      }),
    );
  };

  const runs = async (studyInstanceUid: string) => {
    const answer = await api(`/runs?studyInstanceUid=${studyInstanceUid}`);
    const body: { runs: unknown[] } = await answer.json();
    return body.runs.map((run) => RunView.parse(run));
  };

  async function* changes(studyInstanceUid: string): AsyncGenerator<void> {
    const stream = await fetch(`${web}/studies/${studyInstanceUid}/events`, {
      headers: { authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' },
    });
    if (!stream.ok || stream.body === null) throw new Error(`The events of a study were answered ${stream.status}.`);
    for await (const _ of stream.body) yield;
  }

  const parts = () => StatusFile.parse(JSON.parse(readFileSync(path.join(data, 'status.json'), 'utf8'))).parts;

  const site: Site = {
    data,
    web,
    dicomPort,
    connectorPort,
    get faas() {
      const password = readFileSync(path.join(data, 'secrets/basic-auth-password'), 'utf8').trim();
      return { url: `http://127.0.0.1:${faasPort}`, user: 'admin', password };
    },
    output: () => output,
    overread,
    api,
    runs,
    changes,
    study: async (uid) => StudyView.parse(await (await api(`/studies/${uid}`)).json()),
    openStore: () => openStore(readStoreConfiguration(env)),
    untilEnded: async (uid, count = 1, limitMs = 60_000) => {
      const deadline = Date.now() + limitMs;
      for (;;) {
        const found = await runs(uid).catch(() => []);
        const ended = found.filter((run) => run.finishedAt !== null);
        if (ended.length >= count) return ended;
        if (Date.now() > deadline) {
          throw new Error(`${ended.length} of ${count} runs ended in time: ${JSON.stringify(found)}\n${output}`);
        }
        await pause(50);
      }
    },
    pidOf: async (part) => {
      const pid = parts().find(({ name }) => name === part)?.pid;
      if (pid == null) throw new Error(`No part ${part}: ${JSON.stringify(parts())}`);
      return pid;
    },
    untilReady: async () => {
      const deadline = Date.now() + READY_LIMIT_MS;
      while (!(await isReady(parts()))) {
        if (Date.now() > deadline) throw new Error(`Not ready again in time:\n${output}`);
        await pause(50);
      }
    },
    stop: async () => {
      const child = process_;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
      child.kill('SIGTERM');
      return untilExit(child);
    },
    kill: async () => {
      process_?.kill('SIGKILL');
      if (process_ !== undefined) await untilExit(process_);
    },
    start,
    remove: async () => {
      await site.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
  await start().catch(async (error: unknown) => {
    await site.remove();
    throw error;
  });
  return site;
}

/** Whether every part runs and those that have a `/readyz` say 200, as `overread status` finds out. */
async function isReady(parts: StatusFile['parts']): Promise<boolean> {
  const answers = parts.map(async ({ state, address }) => {
    return state === 'ready' && (address === null || (await readiness(address)) === undefined);
  });
  return (await Promise.all(answers)).every((ready) => ready);
}

/** A data folder of its own. As root, PostgreSQL's own account must pass through, or its data would lie elsewhere. */
function temporaryData(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-site-'));
  chmodSync(folder, 0o711);
  return folder;
}

function untilExit(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

/** Between two looks at a condition that nobody announces. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
