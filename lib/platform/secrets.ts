import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from './error-code.ts';

/**
 * What a secret's file holds, without the white space around it; `value` becomes it where there is no file, also when
 * several processes ask at once. Only the owner may read the file, and a crash at any moment leaves it whole or not there.
 *
 * @param folder the folder of secrets, made where it is missing
 */
export function keepSecret(folder: string, name: string, value: string): string {
  const file = path.join(folder, name);
  const mine = writeBeside(file, value);
  try {
    linkSync(mine, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(mine);
  }
  return readFileSync(file, 'utf8').trim();
}

/** Writes a secret in place of what its file held; whoever reads it meanwhile finds the old one or the new one, whole. */
export function writeSecret(folder: string, name: string, value: string): void {
  const file = path.join(folder, name);
  renameSync(writeBeside(file, value), file);
}

function writeBeside(file: string, value: string): string {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(mine, value, { mode: 0o600, flag: 'wx', flush: true });
  return mine;
}
