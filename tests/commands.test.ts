import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { makeExams } from './exams.ts';
import { freePort } from './ports.ts';
import { type Site, startSite } from './site.ts';

/** Environment with ports and a temporary folder of its own. */
async function ownEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  return {
    ...process.env,
    TMPDIR: folder,
    OVERREAD_DATA: path.join(folder, 'data'),
    OVERREAD_DICOM_PORT: String(await freePort()),
    OVERREAD_WEB_PORT: String(await freePort()),
    OVERREAD_CONNECTOR_PORT: String(await freePort()),
    OVERREAD_FAAS_PORT: String(await freePort()),
  };
}

/** Process ids of everything that has this text in its environment. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/environ`, 'utf8').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe('npm start and npm run demo', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('npm start serves until %s and leaves nothing running', async (signal) => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-start-'));
    const env = await ownEnvironment(folder);
    const started = spawn('npm', ['start'], { cwd: HOME, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let output = '';
    await new Promise<void>((resolve, reject) => {
      started.stdout.on('data', (chunk) => {
        output += chunk;
        if (output.includes(`Overread is ready: http://127.0.0.1:${env.OVERREAD_WEB_PORT}`)) resolve();
      });
      started.once('exit', () => reject(new Error(`npm start ended: ${output}`)));
    });
    expect(output).toMatch(/First sign-in: admin \/ \S+/);
    started.removeAllListeners('exit');
    started.kill(signal);
    await new Promise((resolve) => started.once('exit', resolve));
    await expect.poll(() => processesWith(folder), { timeout: 20_000 }).toEqual([]);
  });

  it('npm run demo -- --once ends with a table of results and status 0, and leaves nothing behind', async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-start-'));
    const env = await ownEnvironment(folder);
    const { stdout } = await promisify(execFile)('npm', ['run', 'demo', '--', '--once'], { cwd: HOME, env });
    expect(stdout).toMatch(/hip-fracture-detection +succeeded .*http:\/\/127\.0\.0\.1:\d+\/runs\/[0-9a-f]{64}/);
    await expect.poll(() => processesWith(folder), { timeout: 20_000 }).toEqual([]);
    const left = readdirSync(folder).filter((name) => name.startsWith('overread'));
    expect(left, 'the demo removes its data').toEqual([]);
  });
});

describe('overread', () => {
  let site: Site;
  const exams = makeExams({ count: 2, seed: 500 });
  beforeAll(async () => {
    await exams.ready;
    site = await startSite();
  });
  afterAll(async () => {
    await site?.remove();
    exams.remove();
  });

  it('status tells each part with its process and ports, as JSON too', async () => {
    const { status, stdout } = await site.overread('status', '--json');
    expect(status).toBe(0);
    const told: { ready: boolean; parts: { name: string; pid: number; ready: boolean; ports: object }[] } =
      JSON.parse(stdout);
    expect(told.parts.map(({ name, ready }) => `${name} ${ready}`).sort()).toEqual([
      'connector true',
      'gateway true',
      'postgres true',
      'provider true',
      'web true',
    ]);
    expect(told.parts.find(({ name }) => name === 'gateway')?.ports).toEqual({ dicom: site.dicomPort });
  });

  it('send, runs and run show bring an exam in and say what became of it', async () => {
    const exam = exams.next();
    const folder = path.dirname(exam.files[0] ?? '');
    const to = `127.0.0.1:${site.dicomPort}`;
    const sent = await site.overread('send', folder, '--to', to, '--aet', 'CI2_CD_HIP_FRAC');
    expect(sent).toMatchObject({ status: 0, stderr: expect.stringContaining(`of ${exam.files.length} sent.`) });
    const [run] = await site.untilEnded(exam.studyInstanceUid);
    const listed = await site.overread('runs');
    expect(listed.stdout).toContain(run?.id.slice(0, 12));
    const shown = await site.overread('run', 'show', run?.id.slice(0, 12) ?? '');
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: run?.id, status: 'succeeded', deliveries: [] });
  });

  it('run retry says why a run that succeeded cannot be tried again', async () => {
    const [run] = JSON.parse((await site.overread('runs', '--json')).stdout).runs;
    const answer = await site.overread('run', 'retry', run.id);
    expect(answer).toMatchObject({ status: 1, stderr: expect.stringContaining('this one succeeded') });
  });

  it('route test says which route takes a file and why the others do not', async () => {
    const exam = exams.next();
    const { status, stdout } = await site.overread('route', 'test', exam.files[0] ?? '');
    expect(status).toBe(0);
    expect(stdout).toMatch(/yes {2}hip-fracture: /);
    expect(stdout).toMatch(/no {3}brain-tumor: /);
  });

  it('says what is wrong with its use, with status 2', async () => {
    expect(await site.overread('sned')).toMatchObject({ status: 2, stderr: expect.stringContaining('sned') });
    const nowhere = await site.overread('send', '/does/not/exist', '--to', '127.0.0.1:1', '--aet', 'X');
    expect(nowhere).toMatchObject({ status: 2, stderr: 'There is no file or folder /does/not/exist.\n' });
    const target = await site.overread('send', HOME, '--to', 'nowhere', '--aet', 'X');
    expect(target).toMatchObject({ status: 2, stderr: expect.stringContaining('--to wants HOST:PORT') });
  });

  it('refuses to start twice on one data folder, with status 3', async () => {
    const second = await site.overread('up');
    expect(second).toMatchObject({ status: 3, stderr: expect.stringMatching(/already runs on .* Stop it, or set/) });
  });

  it('starts beside another instance, and says which port is taken', async () => {
    const other = await startSite();
    try {
      expect(existsSync(path.join(other.data, 'status.json'))).toBe(true);
      expect(await other.overread('status')).toMatchObject({ status: 0 });
    } finally {
      await other.remove();
    }
    const folder = mkdtempSync(path.join(tmpdir(), 'overread-start-'));
    const env = { ...(await ownEnvironment(folder)), OVERREAD_WEB_PORT: new URL(site.web).port };
    const refused = await promisify(execFile)(process.execPath, ['cli/main.ts', 'up'], { cwd: HOME, env }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringMatching(/is taken: set OVERREAD_WEB_PORT/) });
    rmSync(folder, { recursive: true, force: true });
  });

  it('status says that nothing runs, with status 3, after the stop', async () => {
    expect(await site.stop()).toBe(0);
    expect(await site.overread('status')).toMatchObject({ status: 3, stderr: expect.stringContaining('does not run') });
    expect(await site.overread('runs')).toMatchObject({ status: 3, stderr: expect.stringContaining('npm start') });
    expect(await site.overread('reindex')).toMatchObject({ status: 3, stderr: expect.stringContaining('npm start') });
  });
});
