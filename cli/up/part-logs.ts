import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { errorCode } from '../../lib/platform/error-code.ts';

const LOG_LIMIT_BYTES = 16 << 20;

/** The logs of parts, a file each. A disk that is full costs lines, and not the supervisor, which would take all parts with it. */
export class PartLogs {
  readonly #folder: string;
  readonly #warn: (line: string) => void;
  readonly #logs = new Map<string, WriteStream>();

  /** @param warn tells the person at the terminal */
  constructor(folder: string, warn: (line: string) => void) {
    this.#folder = folder;
    this.#warn = warn;
  }

  write(name: string, line: string): void {
    const log = this.#logs.get(name) ?? this.#open(name);
    log?.write(`${line}\n`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => new Promise<void>((resolve) => log.end(() => resolve()))));
  }

  #open(name: string): WriteStream | undefined {
    const file = path.join(this.#folder, `${name}.log`);
    const failed = (error: unknown) => this.#warn(`The log of ${name} cannot be written (${errorCode(error)}).`);
    try {
      if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
    } catch (error) {
      failed(error);
      return undefined;
    }
    const log = createWriteStream(file, { flags: 'a', mode: 0o600 });
    // The next line opens it anew.
    log.once('error', (error) => {
      this.#logs.delete(name);
      failed(error);
    });
    this.#logs.set(name, log);
    return log;
  }
}
