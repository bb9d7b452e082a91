import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import type { RunView } from '../../schemas/api.ts';
import { type Exam, makeExams } from '../exams.ts';
import { type Site, startSite } from '../site.ts';

/** Work must go on this soon after a part was killed, ms. */
const RECOVERY_MS = 30_000;

/** Process ids of the parts, each to be killed in the middle of an exam. */
const VICTIMS: Readonly<Record<string, (site: Site) => Promise<number>>> = {
  gateway: (site) => site.pidOf('gateway'),
  connector: (site) => site.pidOf('connector'),
  provider: (site) => site.pidOf('provider'),
  web: (site) => site.pidOf('web'),
  'the function under way': async (site) => functionPid(await site.pidOf('provider'), 'infer-detection'),
  PostgreSQL: async (site) => {
    const file = path.join(realpathSync(path.join(site.data, 'postgres/cluster')), 'postmaster.pid');
    return Number(readFileSync(file, 'utf8').split('\n')[0]);
  },
};

/** Moments of an exam, each waited for by what the API or the sender says. */
const MOMENTS: Readonly<Record<string, (site: Site, exam: Exam) => Promise<void>>> = {
  'as soon as the last image is answered': async () => {},
  'when the run is under way': async (site, exam) => {
    await untilSome(site, exam, (run) => run.steps.some(({ status }) => status !== 'waiting'));
  },
  'when its last steps come': async (site, exam) => {
    await untilSome(site, exam, (run) => run.steps.filter(({ status }) => status === 'succeeded').length >= 3);
  },
};

describe('kill -9 in the middle of an exam', () => {
  let site: Site;
  const exams = makeExams({ count: Object.keys(VICTIMS).length * Object.keys(MOMENTS).length, seed: 100 });
  beforeAll(async () => {
    site = await startSite();
    await exams.ready;
  });
  afterAll(async () => {
    await site?.remove();
    exams.remove();
  });

  for (const [victim, pidOf] of Object.entries(VICTIMS)) {
    for (const [moment, reached] of Object.entries(MOMENTS)) {
      it(`of ${victim}, ${moment}: every answered instance is there, the run ends once`, async () => {
        const exam = exams.next();
        const pid = await pidOf(site);
        await exam.send(site);
        await reached(site, exam);
        killAt(pid);
        const runs = await site.untilEnded(exam.studyInstanceUid, 1, RECOVERY_MS);
        expectEndedOnce(site, exam, runs);
        await site.untilReady();
      });
    }
  }

  it('of the supervisor: nothing is left running, and after a new start the exam ends', async () => {
    const exam = exams.next();
    const parts = await Promise.all(['provider', 'connector', 'gateway', 'web'].map((part) => site.pidOf(part)));
    await exam.send(site);
    await site.kill();
    await expect.poll(() => parts.filter(isAlive), { timeout: RECOVERY_MS }).toEqual([]);
    await site.start();
    expectEndedOnce(site, exam, await site.untilEnded(exam.studyInstanceUid, 1, RECOVERY_MS));
  });
});

function expectEndedOnce(site: Site, exam: Exam, runs: readonly RunView[]): void {
  expect(runs.map(({ status, reason }) => ({ status, reason }))).toEqual([{ status: 'succeeded', reason: null }]);
  const series = path.join(site.data, 'store/dicom/studies', exam.studyInstanceUid, 'series');
  const stored = readdirSync(series, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dcm'));
  expect(stored).toHaveLength(exam.files.length);
  for (const file of exam.files) {
    const bytes = readFileSync(file);
    const uid = readPart10(bytes, { untilPixelData: true }).dataset.text('SOPInstanceUID');
    expect(
      stored.some((name) => name.endsWith(`${uid}.dcm`)),
      'an answered instance is kept',
    ).toBe(true);
  }
}

async function untilSome(site: Site, exam: Exam, met: (run: RunView) => boolean): Promise<void> {
  await expect
    .poll(async () => (await site.runs(exam.studyInstanceUid).catch(() => [])).some(met), {
      timeout: 30_000,
      interval: 10,
    })
    .toBe(true);
}

function killAt(pid: number): void {
  // A function that the scheduler replaced a moment ago is killed as well as one that was not.
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Process id of a function that a provider runs. */
function functionPid(provider: number, name: string): number {
  for (const entry of readdirSync('/proc').filter((candidate) => /^\d+$/.test(candidate))) {
    try {
      const parent = Number(readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
      if (parent === provider && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(name)) return Number(entry);
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error(`The provider runs no function ${name}.`);
}
