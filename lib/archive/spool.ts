import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** A received instance that is durable on this machine and not yet in the store. */
export interface SpoolEntry {
  /** Unique; entries sort by it in the order of their reception. */
  readonly name: string;
  /** DICOM Part 10 file: who sent it to which AE title stands in its file meta information. */
  readonly file: string;
  readonly receivedAt: Date;
}

/** Received images are for the gateway's account alone: they are patients' data. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const ENTRY = /^(\d{13})-\d{6}-[0-9a-f]{8}\.dcm$/;

/**
 * The folder between the network and the store. An instance is written below `incoming/` and becomes an entry by one
 * rename after its bytes are on the disk: whatever moment the process is killed at, an entry is whole, and what is in
 * `incoming/` was never answered with success.
 *
 * The facts of the reception need no file of their own: AE titles are in the file meta information, the moment is in the
 * entry's name. So there is one rename, and nothing that could be there without the other half.
 */
export class Spool {
  readonly #incoming: string;
  readonly #entries: string;
  readonly #pending = new Map<string, SpoolEntry>();
  readonly #listeners: (() => void)[] = [];
  #sequence = 0;

  /** @param folder the spool's own, used by one process at a time */
  constructor(folder: string) {
    this.#incoming = path.join(folder, 'incoming');
    this.#entries = path.join(folder, 'entries');
  }

  /** Makes the folders, removes what was never answered, and finds the entries an earlier process left. */
  async open(): Promise<void> {
    await rm(this.#incoming, { recursive: true, force: true });
    for (const each of [this.#incoming, this.#entries]) await mkdir(each, { recursive: true, mode: FOLDER_MODE });
    await syncFolder(path.dirname(this.#entries));
    for (const name of (await readdir(this.#entries)).sort()) {
      const entry = this.#entry(name);
      if (entry !== undefined) this.#pending.set(name, entry);
    }
  }

  /** Begins an instance. @throws when the disk refuses */
  async begin(): Promise<SpoolDraft> {
    const file = path.join(this.#incoming, `${randomBytes(12).toString('hex')}.part`);
    return new SpoolDraft(await open(file, 'wx', FILE_MODE), file, (receivedAt) => this.#admit(file, receivedAt));
  }

  /** Entries in the order of their reception. */
  pending(): Iterable<SpoolEntry> {
    return this.#pending.values();
  }

  /** Number of entries. */
  get depth(): number {
    return this.#pending.size;
  }

  /** The entry that waits longest. */
  oldest(): SpoolEntry | undefined {
    return this.#pending.values().next().value;
  }

  /** Calls `listener` whenever there is a new entry. */
  onEntry(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Forgets an entry that is in the store and the index. Harmless when repeated. */
  async remove(entry: SpoolEntry): Promise<void> {
    await rm(entry.file, { force: true });
    this.#pending.delete(entry.name);
  }

  /** Counts an entry no more, and leaves its file for the next start to find. */
  shelve(name: string): void {
    this.#pending.delete(name);
  }

  async #admit(file: string, receivedAt: Date): Promise<SpoolEntry> {
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    const name = `${momentOfName(receivedAt)}-${String(this.#sequence).padStart(6, '0')}-${randomBytes(4).toString('hex')}.dcm`;
    const entry = { name, file: path.join(this.#entries, name), receivedAt };
    await rename(file, entry.file);
    await syncFolder(this.#entries);
    this.#pending.set(name, entry);
    for (const listener of this.#listeners) listener();
    return entry;
  }

  #entry(name: string): SpoolEntry | undefined {
    const moment = ENTRY.exec(name)?.[1];
    if (moment === undefined) return undefined;
    return { name, file: path.join(this.#entries, name), receivedAt: new Date(Number(moment)) };
  }
}

/** The beginning of every entry's name that was received at this moment; names sort by it. */
export function momentOfName(moment: Date): string {
  return String(moment.getTime()).padStart(13, '0');
}

/** An instance on its way in: written, then either committed or discarded. */
export class SpoolDraft {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #admit: (receivedAt: Date) => Promise<SpoolEntry>;

  constructor(handle: FileHandle, file: string, admit: (receivedAt: Date) => Promise<SpoolEntry>) {
    this.#handle = handle;
    this.#file = file;
    this.#admit = admit;
  }

  /** Appends bytes. @throws when the disk refuses: full, gone, broken */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    let rest = chunks;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest);
      rest = after(rest, bytesWritten);
    }
  }

  /** Makes the instance durable; when it resolves, the sender may be told so. */
  async commit(): Promise<SpoolEntry> {
    await this.#handle.datasync();
    await this.#handle.close();
    return this.#admit(new Date());
  }

  /** Removes what was written. Harmless after a failed commit. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.#file, { force: true });
  }
}

/** What is left of `chunks` after their first `bytes` bytes: a write may take less than it is given. */
function after(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  for (const [index, chunk] of chunks.entries()) {
    if (skip < chunk.length) return [chunk.subarray(skip), ...chunks.slice(index + 1)];
    skip -= chunk.length;
  }
  return [];
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
