import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readlink, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { type Bucket, ObjectEvent } from '../../schemas/store.ts';
import { FOLDER_MODE } from './durable.ts';
import { type EventListener, insist } from './insist.ts';
import type { EventSubscription } from './store.ts';

/** Name of an entry: milliseconds since 1970, number in the writing process, chance. Names sort by time. */
const ENTRY = /^(\d{14})-\d{8}-[0-9a-f]{8}$/;

/** The folder is read at least this often, ms: some network file systems tell nobody of a new file. */
const RESCAN_MS = 5000;

/**
 * Events of the `fs` driver, as entries of one folder that writers add and the one listener takes away.
 *
 * An entry is a symbolic link that points to `<bucket>/<key>` and is never followed: making one is a single system call,
 * atomic, and writes its text with it; and `ls -l` shows what waits. It is left after its object is durable, and
 * outlives killed processes. It is not forced to the disk, which would cost half as much again as the object itself: what
 * a power cut takes (and what a writer that dies between object and event never leaves) is found by the listener's
 * reconciliation at its start, which it owes anyway.
 */
export class Journal {
  readonly #folder: string;
  #lastMs = 0;
  #number = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
  }

  /** Leaves an event. */
  async leave(bucket: Bucket, key: string): Promise<void> {
    await symlink(`${bucket}/${key}`, path.join(this.#folder, this.#nextName()));
  }

  /**
   * Hands every entry to the listener, oldest name first, one at a time, and takes it away when the listener resolved.
   * One that it refuses is handed to it again, with growing pauses, before any later one.
   */
  async follow(listener: EventListener, onGap: () => void): Promise<EventSubscription> {
    await this.prepare();
    return new Follower(this.#folder, listener, onGap);
  }

  #nextName(): string {
    this.#lastMs = Math.max(this.#lastMs, Date.now());
    this.#number = (this.#number + 1) % 100_000_000;
    const time = String(this.#lastMs).padStart(14, '0');
    return `${time}-${String(this.#number).padStart(8, '0')}-${randomBytes(4).toString('hex')}`;
  }
}

class Follower implements EventSubscription {
  readonly #folder: string;
  readonly #listener: EventListener;
  readonly #onGap: () => void;
  readonly #closing = new AbortController();
  readonly #rescan: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  #stale = true;
  #wake: () => void = () => {};
  #running: Promise<void>;

  /** Watches before the first reading, so that nothing falls between the two. */
  constructor(folder: string, listener: EventListener, onGap: () => void) {
    this.#folder = folder;
    this.#listener = listener;
    this.#onGap = onGap;
    this.#watch();
    this.#rescan = setInterval(() => {
      if (this.#watcher === undefined) this.#watch();
      this.#touch();
    }, RESCAN_MS);
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#rescan);
    this.#watcher?.close();
    this.#wake();
    await this.#running;
  }

  /** A folder that cannot be watched (too many watchers on this machine) is still read every `RESCAN_MS`. */
  #watch(): void {
    try {
      this.#watcher = watch(this.#folder, () => this.#touch());
      this.#watcher.once('error', () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      this.#watcher = undefined;
    }
  }

  #touch(): void {
    this.#stale = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    this.#onGap();
    while (!this.#closing.signal.aborted) {
      if (!this.#stale) await this.#touched();
      this.#stale = false;
      const names = await readdir(this.#folder).catch(() => []);
      for (const name of names.filter((each) => ENTRY.test(each)).sort()) await this.#deliver(name);
    }
  }

  #touched(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #deliver(name: string): Promise<void> {
    const event = await this.#read(name);
    if (event !== undefined && !(await insist(this.#listener, event, this.#closing.signal))) return;
    await unlink(path.join(this.#folder, name)).catch(() => {});
  }

  /** Undefined where the entry names no object: whatever it meant is a gap. */
  async #read(name: string): Promise<ObjectEvent | undefined> {
    const target = await readlink(path.join(this.#folder, name)).catch(() => '');
    const slash = target.indexOf('/');
    const event = ObjectEvent.safeParse({
      bucket: target.slice(0, Math.max(slash, 0)),
      key: target.slice(slash + 1),
      eventTime: new Date(Number(ENTRY.exec(name)?.[1])).toISOString(),
      deduplicationKey: name,
    });
    if (!event.success) this.#onGap();
    return event.data;
  }
}
