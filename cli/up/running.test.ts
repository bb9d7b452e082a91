import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { DEMO_FOLDER, runningConfiguration } from './running.ts';

/** A process that lives and looks like a supervisor. */
const supervisor = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'cli/main.ts', 'demo']);
afterAll(() => supervisor.kill('SIGKILL'));

/** Makes a data folder on which that process runs, or another one. */
function running(data: string, pid = supervisor.pid): string {
  mkdirSync(data, { recursive: true });
  const status = { pid, startedAt: '', web: 'http://127.0.0.1:1', parts: [] };
  writeFileSync(path.join(data, 'status.json'), JSON.stringify(status));
  return data;
}

describe('what runs here', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-running-'));
    vi.stubEnv('TMPDIR', folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const dataOf = (environment: Record<string, string>) => runningConfiguration(environment).data;

  it('is what runs on the data folder', () => {
    const data = running(path.join(folder, 'site'));
    running(path.join(folder, `${DEMO_FOLDER}a`, 'data'));
    expect(dataOf({ OVERREAD_DATA: data })).toBe(data);
  });

  it('is the demo, where nothing else runs and no folder is named', () => {
    const demo = running(path.join(folder, `${DEMO_FOLDER}a`, 'data'));
    running(path.join(folder, `${DEMO_FOLDER}ended`, 'data'), 2 ** 22 + 1);
    expect(dataOf({})).toBe(demo);
    const none = path.join(folder, 'none');
    expect(dataOf({ OVERREAD_DATA: none })).toBe(none);
  });

  it.each([
    [
      'a segmentation that is brought in',
      ['segmentation', 'import', 'LICENSE', '--study', '1.2', '--source', 'expert'],
    ],
    ['a replay', ['replay', 'abc']],
    ['a model that is brought in', ['model', 'import', path.join(HOME, 'models', 'hip-fracture')]],
  ])('is what %s goes to, the demo too', async (_, words) => {
    const demo = running(path.join(folder, `${DEMO_FOLDER}a`, 'data'));
    const more = words[0] === 'segmentation' ? ['--pipeline', 'none', '--tool', 'pencil'] : [];
    const { OVERREAD_DATA: _data, ...environment } = process.env;
    const said = await promisify(execFile)(process.execPath, [path.join(HOME, 'cli/main.ts'), ...words, ...more], {
      cwd: folder,
      env: { ...environment, TMPDIR: folder },
    }).then(
      ({ stdout }) => stdout,
      (error: unknown) => String(error),
    );
    expect(said).not.toContain('does not run on');
    if (words[0] === 'model') expect(existsSync(path.join(demo, 'store', 'models', 'hip-fracture')), said).toBe(true);
  });

  it('is not guessed among several demos', () => {
    const demos = ['a', 'b'].map((name) => running(path.join(folder, DEMO_FOLDER + name, 'data')));
    expect(demos).not.toContain(dataOf({}));
  });
});
