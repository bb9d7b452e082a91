import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Binaries outlive a clone, so that the next one has them at once. */
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'overread-peers');

/** A program in Go, at one commit. */
export interface GoProgram {
  readonly name: string;
  readonly module: string;
  /** A pseudo-version, which names a commit and needs no list of versions. */
  readonly version: string;
}

/**
 * The path of the program's binary, built from its sources where it is not there yet (minutes at most, once).
 *
 * `go install module@version` is not used, since it asks for the list of versions first.
 *
 * @returns undefined where it cannot be built: no Go, or its sources cannot be had
 */
export async function goBinary({ name, module, version }: GoProgram): Promise<string | undefined> {
  const binary = path.join(CACHE, `${name}-${version.slice(version.lastIndexOf('-') + 1)}`);
  if (existsSync(binary)) return binary;
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-go-'));
  try {
    await mkdir(CACHE, { recursive: true });
    await writeFile(path.join(folder, 'go.mod'), `module peers\n\ngo 1.20\n\nrequire ${module} ${version}\n`);
    const environment = { ...process.env, GOFLAGS: '-mod=mod' };
    const built = `${binary}.${process.pid}`;
    await run('nice', ['go', 'build', '-o', built, module], { cwd: folder, env: environment, maxBuffer: 1 << 26 });
    await rename(built, binary);
    return binary;
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
