import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Who may read what lies on the disk: its owner and group, since images are patients' data. */
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;

/** Folders remembered as durable; forgotten all at once beyond it, which only costs a few system calls. */
const KNOWN_LIMIT = 10_000;

/**
 * Writes whole files that outlive a power cut, below one root.
 *
 * A file is written under a temporary name on the same file system, its bytes are forced to the disk, then it is renamed
 * (atomic, replaces), then the folder that now names it is forced too. Folders are never removed, so what is
 * once known to be durable stays so.
 */
export class DurableFolder {
  readonly #root: string;
  readonly #temporary: string;
  readonly #known = new Set<string>();

  constructor(root: string) {
    this.#root = root;
    this.#temporary = path.join(root, '.tmp');
  }

  async prepare(): Promise<void> {
    await mkdir(this.#temporary, { recursive: true, mode: FOLDER_MODE });
  }

  /**
   * Writes one file.
   *
   * @param target absolute path below the root
   * @param write fills the file
   */
  async write<Result>(target: string, write: (file: FileHandle) => Promise<Result>): Promise<Result> {
    const temporary = path.join(this.#temporary, randomUUID());
    const folder = path.dirname(target);
    try {
      const result = await this.#fill(temporary, write);
      const unknown = await this.#makeFolder(folder);
      await rename(temporary, target);
      await forceFolder(folder);
      for (const parent of unknown) await forceFolder(parent);
      this.#remember(folder);
      return result;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #fill<Result>(temporary: string, write: (file: FileHandle) => Promise<Result>): Promise<Result> {
    const file = await open(temporary, 'wx', FILE_MODE);
    try {
      const result = await write(file);
      await file.datasync();
      return result;
    } finally {
      await file.close();
    }
  }

  /**
   * Makes a folder with its parents and answers which parents must be forced to the disk for it to stay: all that this
   * process has not forced itself, since another process may have made them a moment ago and died before it forced them.
   */
  async #makeFolder(folder: string): Promise<string[]> {
    if (this.#known.has(folder)) return [];
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const parents: string[] = [];
    for (let at = folder; at !== this.#root && !this.#known.has(at); at = path.dirname(at))
      parents.push(path.dirname(at));
    return parents;
  }

  #remember(folder: string): void {
    if (this.#known.size > KNOWN_LIMIT) this.#known.clear();
    for (let at = folder; at !== this.#root && !this.#known.has(at); at = path.dirname(at)) this.#known.add(at);
  }
}

async function forceFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
