import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** A file of the viewer. */
export interface ProgramFile {
  readonly file: string;
  /** The same, compressed by gzip; undefined where that is not worth it. */
  readonly compressed: string | undefined;
  readonly contentType: string;
  readonly digest: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** The files of the installed viewer. */
export class ViewerProgram {
  readonly #folder: string;
  #files: ReadonlyMap<string, ProgramFile> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** It may be installed while the web runs. */
  get isInstalled(): boolean {
    return this.#files !== undefined || existsSync(this.#folder);
  }

  /** A file by its path below the folder. Only what was found there can be had: no path leads out of it. */
  find(name: string): ProgramFile | undefined {
    if (!this.isInstalled) return undefined;
    this.#files ??= listFiles(this.#folder);
    return this.#files.get(name);
  }
}

function listFiles(folder: string): ReadonlyMap<string, ProgramFile> {
  const names = new Set(readdirSync(folder, { recursive: true, encoding: 'utf8' }));
  const files = new Map<string, ProgramFile>();
  for (const name of names) {
    const contentType = TYPES[path.extname(name)];
    if (contentType === undefined) continue;
    const file = path.join(folder, name);
    const compressed = names.has(`${name}.gz`) ? `${file}.gz` : undefined;
    const digest = `${path.basename(folder)}-${statSync(file).size}`;
    files.set(name.split(path.sep).join('/'), { file, compressed, contentType, digest });
  }
  return files;
}
