import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Environments outlive a clone, so that the next one has them at once. */
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'overread-peers');

/**
 * The path of a Python that has these packages, in an environment of its own that is made where it is not there yet.
 *
 * @param name for people, part of the folder's name
 * @param packages with their versions, as pip takes them: `pydicom==3.0.1`
 * @returns undefined where it cannot be had: no Python 3 with venv, or the packages cannot be had
 */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string | undefined> {
  const digest = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = path.join(CACHE, `python-${name}-${digest}`);
  const python = path.join(folder, 'bin/python');
  if (existsSync(python)) return python;
  const unfinished = `${folder}.${process.pid}`;
  try {
    await mkdir(CACHE, { recursive: true });
    await run('python3', ['-m', 'venv', unfinished]);
    const install = ['-m', 'pip', 'install', '--quiet', '--no-compile', ...packages];
    await run('nice', [path.join(unfinished, 'bin/python'), ...install], { maxBuffer: 1 << 26 });
    // Its scripts name the folder that it was made in; `python -m` does not mind that it has moved.
    await rename(unfinished, folder);
    return python;
  } catch {
    await rm(unfinished, { recursive: true, force: true });
    return existsSync(python) ? python : undefined;
  }
}

/** MONAI on PyTorch: some gigabytes, since the one build of PyTorch that pip has brings CUDA along. */
export function monai(): Promise<string | undefined> {
  return pythonWith('monai', ['torch==2.15.0', 'monai==1.6.1', 'numpy==2.4.6', 'onnx==1.23.2']);
}

/** What people who publish about readers and models compute with. */
export function statistics(): Promise<string | undefined> {
  const packages = ['statsmodels==0.15.0', 'scikit-learn==1.9.1', 'pingouin==0.7.0'];
  return pythonWith('statistics', [...packages, 'scipy==1.17.1', 'numpy==2.4.6', 'pandas==3.1.1']);
}

/** Agreement of several readers; apart from the others, since it wants an older NumPy. */
export function irrCac(): Promise<string | undefined> {
  return pythonWith('irrcac', ['irrCAC==0.4.3']);
}

/** Asks an API everything that its OpenAPI document lets it. */
export function schemathesis(): Promise<string | undefined> {
  return pythonWith('schemathesis', ['schemathesis==4.32.5']);
}
