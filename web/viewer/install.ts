import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { FIXES, indexPage, isLeftOut, rewrite } from './patch.ts';

const run = promisify(execFile);
const compress = promisify(gzip);

/** The OHIF viewer (MIT), as its makers have built it. */
const PACKAGE = '@ohif/app@3.13.2';
/** Of that package, as the registry states it: other bytes are not installed. */
const INTEGRITY = 'sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==';
/** Goes up with every change of what is done to the files. */
const EDITION = 2;

/** How long the registry may take to answer, ms. */
const FETCH_LIMIT_MS = 60_000;

/** What is worth compressing. */
const COMPRESSIBLE = /\.(js|css|html|json|svg|wasm)$/;

/** Where the viewer is kept: outside the clone, so that the next one has it at once. */
export const VIEWER_FOLDER = path.join(
  process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'),
  'overread-viewer',
  `ohif-3.13.2-${EDITION}`,
);

/** The viewer cannot be had; the message says why. */
export class ViewerInstallError extends Error {
  override readonly name = 'ViewerInstallError';
}

/**
 * Fetches the viewer by npm and makes it ready to be served under `/viewer`: what is not needed is left out, addresses are
 * rewritten, everything is compressed once. Nothing is done where it is there already; a half-made folder is never seen.
 *
 * @throws {ViewerInstallError} the registry does not answer, or gives something else
 */
export async function installViewer(folder: string = VIEWER_FOLDER): Promise<'installed' | 'there already'> {
  if (existsSync(folder)) return 'there already';
  await mkdir(path.dirname(folder), { recursive: true });
  const making = await mkdtemp(`${folder}.`);
  try {
    const unpacked = await fetchPackage(making);
    const made = path.join(making, 'made');
    await makeReady(unpacked, made);
    await rename(made, folder);
    return 'installed';
  } catch (error) {
    // Another process was faster.
    if (existsSync(folder)) return 'there already';
    throw error;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** @returns the folder `dist` of the package */
async function fetchPackage(folder: string): Promise<string> {
  const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=2000'];
  const words = ['pack', PACKAGE, '--silent', '--ignore-scripts', ...retries, `--fetch-timeout=${FETCH_LIMIT_MS}`];
  try {
    await run('npm', words, { cwd: folder, timeout: 2 * FETCH_LIMIT_MS });
  } catch (error) {
    throw new ViewerInstallError(`npm cannot get ${PACKAGE}. Is the registry reachable?`, { cause: error });
  }
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const digest = createHash('sha512')
    .update(await readFile(path.join(folder, archive)))
    .digest('base64');
  if (`sha512-${digest}` !== INTEGRITY) throw new ViewerInstallError(`${PACKAGE} is not the package that was tested.`);
  await run('tar', ['-xzf', archive], { cwd: folder });
  return path.join(folder, 'package', 'dist');
}

async function makeReady(from: string, to: string): Promise<void> {
  const names = await readdir(from, { recursive: true, withFileTypes: true });
  const owed = new Set(FIXES);
  for (const entry of names) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(from, file);
    if (!entry.isFile() || isLeftOut(name)) continue;
    const bytes = await readFile(file);
    for (const fix of owed) if (bytes.includes(fix.from)) owed.delete(fix);
    await writeBoth(path.join(to, name), rewrite(name, bytes));
  }
  for (const { why } of owed) throw new ViewerInstallError(`${PACKAGE} cannot be put right: ${why}`);
  const original = await readFile(path.join(from, 'index.html'), 'utf8');
  await writeBoth(path.join(to, 'index.html'), Buffer.from(indexPage(original)));
}

/** The file, and beside it the same compressed where that is worth it. */
async function writeBoth(file: string, bytes: Buffer): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, bytes);
  if (COMPRESSIBLE.test(file)) await writeFile(`${file}.gz`, await compress(bytes));
}
