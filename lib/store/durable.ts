import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '../platform/error-code.ts';

/** Who may read what lies on the disk: its owner and group, since images are patients' data. */
const FILE_MODE = 0o640;
export const FOLDER_MODE = 0o750;

/** A temporary file older than this was left by a process that died, ms. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Writes whole files that outlive a power cut, below one root.
 *
 * A file is written under a temporary name on the same file system and its bytes are forced to the disk; then it is
 * renamed (atomic, replaces), and the folder that now names it is forced. So a file costs two forced writes, and a folder
 * made for it one more, in its parent; folders are forced together, which a file system with a journal does at once. A
 * folder that another process has just made is that process's to force.
 */
export class DurableFolder {
  readonly #temporary: string;

  constructor(root: string) {
    this.#temporary = path.join(root, '.tmp');
  }

  /** Makes the root, and removes what dead processes left. */
  async prepare(): Promise<void> {
    await mkdir(this.#temporary, { recursive: true, mode: FOLDER_MODE });
    for (const name of await readdir(this.#temporary)) {
      const file = path.join(this.#temporary, name);
      const found = await stat(file).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < Date.now() - ABANDONED_MS) await rm(file, { force: true });
    }
  }

  /**
   * Writes one file.
   *
   * @param target absolute path below the root; its folders are made
   * @param write fills the file
   */
  async write<Result>(target: string, write: (file: FileHandle) => Promise<Result>): Promise<Result> {
    const temporary = path.join(this.#temporary, randomUUID());
    try {
      const result = await fill(temporary, write);
      const changed = await moveTo(temporary, target);
      await Promise.all(changed.map(force));
      return result;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

async function fill<Result>(temporary: string, write: (file: FileHandle) => Promise<Result>): Promise<Result> {
  const file = await open(temporary, 'wx', FILE_MODE);
  try {
    const result = await write(file);
    await file.datasync();
    return result;
  } finally {
    await file.close();
  }
}

/** Renames, making folders where they are missing. @returns the folders that got an entry, the deepest first */
async function moveTo(temporary: string, target: string): Promise<string[]> {
  const folder = path.dirname(target);
  try {
    await rename(temporary, target);
    return [folder];
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  await rename(temporary, target);
  return [folder, ...parentsOfMade(folder, made)];
}

/** The parents of every folder from `folder` up to `made`, the topmost that was made (undefined: none was). */
function parentsOfMade(folder: string, made: string | undefined): string[] {
  if (made === undefined) return [];
  const parents = [path.dirname(folder)];
  for (let at = folder; at !== made; at = path.dirname(at)) parents.push(path.dirname(path.dirname(at)));
  return parents;
}

async function force(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
