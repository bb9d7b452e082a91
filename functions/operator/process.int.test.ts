/** A function as the provider starts it: a process of its own on a store in a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../lib/store/open.ts';
import { radiograph, storeRun } from './world.fixture.ts';

const HOME = path.join(import.meta.dirname, '../..');
const STEPS = [{ name: 'dicom-parser', operator: 'dicom-parser', inputs: { instances: 'run.instances' } }];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start() {
  const data = await mkdtemp(path.join(tmpdir(), 'overread-function-'));
  const store = openStore({ driver: 'fs', folder: path.join(data, 'store'), journal: path.join(data, 'journal') });
  onTestFinished(async () => {
    await store.close();
    await rm(data, { recursive: true, force: true });
  });
  await store.prepare();
  const child = spawn(process.execPath, ['functions/dicom-parser/main.ts'], {
    cwd: HOME,
    env: { PATH: process.env.PATH, OVERREAD_DATA: data, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  const lines: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => lines.push(chunk));
  const [ready]: { address: string }[] = await once(child, 'message');
  return { store, child, lines, address: ready?.address ?? '', exited: once(child, 'exit') };
}

describe('a function as a process', () => {
  it('does a step, logs no more than UIDs and ids, and ends at SIGTERM', async () => {
    const { store, child, lines, address, exited } = await start();
    const run = await storeRun(store, { steps: STEPS, files: [radiograph({ PatientName: 'Doe^Jane' })] });
    const answer = await fetch(address, { method: 'POST', body: JSON.stringify({ run, step: 'dicom-parser' }) });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ data: { series: 1, instances: 1, unreadable: 0 } });
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    const log = lines.join('');
    expect(log).toContain(run);
    expect(log).not.toContain('Doe');
  });

  it('ends when its supervisor is gone', async () => {
    const { child, exited } = await start();
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('ends with 2 and one line where a setting is wrong', async () => {
    const child = spawn(process.execPath, ['functions/dicom-parser/main.ts'], {
      cwd: HOME,
      env: { PATH: process.env.PATH, PORT: 'many' },
    });
    children.push(child);
    const said: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk));
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(said.join('')).toMatch(/^environment: PORT: .*\n$/);
  });
});
