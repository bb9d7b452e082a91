import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes a file that only we can read, so that after a crash at any moment there is the old content or the new, whole
 * and on the disk.
 */
export function writeDurably(file: string, content: string | Uint8Array): void {
  const name = `.${path.basename(file)}.${randomBytes(6).toString('hex')}.unfinished`;
  const unfinished = path.join(path.dirname(file), name);
  try {
    const descriptor = openSync(unfinished, 'wx', 0o600);
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** Removes a file, also from the disk's point of view. */
export function removeDurably(file: string): void {
  rmSync(file, { force: true });
  syncFolder(path.dirname(file));
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a name in a folder is a file that was being written when its writer was killed. */
export function isUnfinished(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.unfinished');
}
