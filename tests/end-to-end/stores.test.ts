import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import type { RunView } from '../../schemas/api.ts';
import { DetectionResult } from '../../schemas/result.ts';
import { type Exam, makeExams } from '../exams.ts';
import { faasCli } from '../peers/faas-cli.ts';
import { startMinio } from '../peers/minio.ts';
import { describeWith } from '../peers/skip.ts';
import { type Site, type SiteEnvironment, startSite } from '../site.ts';

/** Every step of the hip pipeline, in order. */
const HIP_STEPS = [
  'dicom-parser',
  'series-selector',
  'dicom-reader',
  'preprocess',
  'infer-detection',
  'report-writer',
  'publish-results',
  'register-results',
];

const cli = await faasCli();
const minio = await startMinio();
afterAll(() => minio?.stop());

/** The whole way of an exam, with functions that the real faas-cli deployed, on one kind of store. */
function wholeWay(environment: () => SiteEnvironment, faas: string): void {
  let site: Site;
  let home: string;
  const exams = makeExams({ count: 3, seed: 300 });

  /** Runs faas-cli in the clone, with a home of its own to keep its login in. */
  function faasCliRun(...parameters: string[]): Promise<{ failed: boolean; output: string }> {
    const { url, password } = site.faas;
    // With CI set, faas-cli keeps its login in the working directory instead of the home.
    const env = { ...process.env, ...environment(), CI: '', HOME: home, OPENFAAS_URL: url };
    return new Promise((resolve) => {
      const child = execFile(faas, parameters, { cwd: HOME, env }, (error, stdout, stderr) =>
        resolve({ failed: error !== null, output: stdout + stderr }),
      );
      child.stdin?.end(password);
    });
  }

  async function succeeds(exam: Exam): Promise<RunView> {
    const [run] = await site.untilEnded(exam.studyInstanceUid);
    expect(run?.reason).toBeNull();
    if (run === undefined) throw new Error('no run');
    return run;
  }

  beforeAll(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'overread-faas-home-'));
    await exams.ready;
    site = await startSite(environment());
  });
  afterAll(async () => {
    await site?.remove();
    exams.remove();
    rmSync(home, { recursive: true, force: true });
  });

  it('ends with a result when faas-cli has deployed the functions, and waits for them until then', async () => {
    expect(await faasCliRun('login', '--username', 'admin', '--password-stdin')).toMatchObject({ failed: false });
    expect(await faasCliRun('remove', '-f', 'stack.yml')).toMatchObject({ failed: false });
    const exam = exams.next();
    await exam.send(site);
    await expect.poll(async () => (await site.runs(exam.studyInstanceUid)).length, { timeout: 20_000 }).toBe(1);
    const [waiting] = await site.runs(exam.studyInstanceUid);
    expect(waiting?.finishedAt, 'a function that is not there yet costs no attempt').toBeNull();
    expect(await faasCliRun('deploy', '-f', 'stack.yml')).toMatchObject({ failed: false });
    const run = await succeeds(exam);
    expect(run.status).toBe('succeeded');
    expect(run.steps.map(({ name, status, attempts }) => ({ name, status, attempts }))).toEqual(
      HIP_STEPS.map((name) => ({ name, status: 'succeeded', attempts: 1 })),
    );
    expect((await faasCliRun('list')).output).toContain('infer-detection');
  });

  it('says of every result what made it', async () => {
    const exam = exams.next();
    await exam.send(site);
    const run = await succeeds(exam);
    expect(run.models).toEqual([
      { name: 'hip-fracture', version: '1.0.0', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(run.triggers.map(({ kind, by }) => `${kind} ${by}`)).toEqual(['called-ae-title CI2_CD_HIP_FRAC']);
    for (const step of run.steps) expect(step.device?.kind, `${step.name} ran on something`).toBe('cpu');
    expect(DetectionResult.parse(run.result).images).toHaveLength(exam.files.length);
  });

  it('is found again by an index made anew', async () => {
    const exam = exams.next();
    await exam.send(site);
    const before = await succeeds(exam);
    expect(await site.overread('reindex')).toMatchObject({ status: 0 });
    const after = await site.runs(exam.studyInstanceUid);
    expect(after.map(({ id, status }) => ({ id, status }))).toEqual([{ id: before.id, status: 'succeeded' }]);
    expect((await site.study(exam.studyInstanceUid)).instances).toBe(exam.files.length);
  });

  it('leaves no PHI in logs', async () => {
    for (const part of ['gateway', 'connector', 'provider', 'web']) {
      const log = readFileSync(path.join(site.data, 'logs', `${part}.log`), 'utf8');
      expect(log, part).not.toMatch(/PHANTOM-\d|Phantom\^/);
    }
  });
}

describeWith('an exam on the store fs', cli, 'faas-cli cannot be built here (no Go, or no sources)', (faas) => {
  wholeWay(() => ({}), faas);
});

describe('on S3', () => {
  const both = cli !== undefined && minio !== undefined ? { cli, minio } : undefined;
  describeWith('an exam on a real MinIO', both, 'MinIO or faas-cli cannot be built here', ({ cli, minio }) => {
    wholeWay(
      () => ({
        S3_ENDPOINT: minio.endpoint,
        S3_ACCESS_KEY: minio.accessKey,
        S3_SECRET_KEY: minio.secretKey,
        S3_BUCKET_PREFIX: 'site-a-',
      }),
      cli,
    );
  });
});
