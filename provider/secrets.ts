import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../lib/platform/problem.ts';
import { isUnfinished, removeDurably, writeDurably } from './files.ts';

/**
 * Secrets as files of mode 0600, and for each function a folder that holds only those it lists. Names are checked by
 * schemas/openfaas.ts before they come here.
 */
export class Secrets {
  readonly #secrets: string;
  readonly #mounts: string;

  /** @param folder of the provider; `secrets/` and `mounts/` are below it */
  constructor(folder: string) {
    this.#secrets = path.join(folder, 'secrets');
    this.#mounts = path.join(folder, 'mounts');
    for (const each of [this.#secrets, this.#mounts]) mkdirSync(each, { recursive: true, mode: 0o700 });
  }

  list(): string[] {
    return readdirSync(this.#secrets)
      .filter((name) => !isUnfinished(name))
      .sort();
  }

  has(name: string): boolean {
    return existsSync(this.#file(name));
  }

  /** Whether that changed anything. */
  set(name: string, value: Uint8Array): boolean {
    const file = this.#file(name);
    if (existsSync(file) && readFileSync(file).equals(value)) return false;
    writeDurably(file, value);
    return true;
  }

  delete(name: string): void {
    removeDurably(this.#file(name));
  }

  /**
   * Fills the folder that a function finds its secrets in, and answers its path.
   *
   * @throws {ProblemError} 400, naming the secrets that do not exist
   */
  mount(functionName: string, names: readonly string[]): string {
    this.require(names);
    const folder = path.join(this.#mounts, functionName);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of names) writeDurably(path.join(folder, name), readFileSync(this.#file(name)));
    return folder;
  }

  unmount(functionName: string): void {
    rmSync(path.join(this.#mounts, functionName), { recursive: true, force: true });
  }

  /** @throws {ProblemError} 400, naming the secrets that do not exist */
  require(names: readonly string[]): void {
    const missing = names.filter((name) => !this.has(name));
    if (missing.length === 0) return;
    const which = missing.length === 1 ? `The secret ${missing[0]} does` : `The secrets ${missing.join(', ')} do`;
    throw new ProblemError(400, 'Secret missing', `${which} not exist: make it first, with faas-cli secret create.`);
  }

  #file(name: string): string {
    return path.join(this.#secrets, name);
  }
}
