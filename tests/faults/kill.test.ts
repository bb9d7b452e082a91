import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../lib/store/store.ts';
import { type Exam, makeExams } from '../exams.ts';
import { type Site, startSite } from '../site.ts';
import { contentOf, expectIdle, expectWhole, QUIET_SECONDS, RECOVERY_MS, untilWhole } from './exam-checks.ts';
import { IN_HAND, inferencePid, LAST_STEPS, MOMENTS, SENDING } from './moments.ts';
import { isAlive, postgresPid, summary, whatItDoes } from './processes.ts';

const EVERY_MOMENT = Object.keys(MOMENTS);

interface Victim {
  /** Process id of what is killed. */
  readonly pid: (site: Site) => Promise<number>;
  readonly moments: readonly string[];
}

const VICTIMS: Readonly<Record<string, Victim>> = {
  'the gateway': { pid: (site) => site.pidOf('gateway'), moments: EVERY_MOMENT },
  'the connector': { pid: (site) => site.pidOf('connector'), moments: EVERY_MOMENT },
  'the provider': { pid: (site) => site.pidOf('provider'), moments: EVERY_MOMENT },
  'a function': { pid: inferencePid, moments: EVERY_MOMENT },
  PostgreSQL: { pid: async (site) => postgresPid(site), moments: EVERY_MOMENT },
  'the keeper of PostgreSQL': { pid: (site) => site.pidOf('postgres'), moments: [IN_HAND] },
  'the web': { pid: (site) => site.pidOf('web'), moments: [LAST_STEPS] },
};

const KILLS = Object.entries(VICTIMS).flatMap(([victim, { pid, moments }]) =>
  moments.map((moment) => ({ victim, pidOf: pid, moment })),
);

describe('kill -9 in the middle of an exam', () => {
  let site: Site;
  let store: ObjectStore;
  let undisturbed: unknown;
  const done: Exam[] = [];
  const recoveries = new Map<string, number[]>();
  const exams = makeExams({ count: 2 + KILLS.length, seed: 100 });

  beforeAll(async () => {
    await exams.ready;
    site = await startSite({ OVERREAD_QUIET_SECONDS: QUIET_SECONDS });
    store = site.openStore();
    const exam = exams.next();
    await exam.send(site);
    const [run] = await untilWhole(site, exam);
    undisturbed = contentOf(run, exam);
  });
  afterAll(async () => {
    for (const [victim, durations] of recoveries) console.log(`${victim} killed, exam ended: ${summary(durations)}`);
    await store?.close();
    await site?.remove();
    exams.remove();
  });

  for (const { victim, pidOf, moment } of KILLS) {
    it(`${victim}, ${moment}: every answered image is there, the run ends once`, async () => {
      const exam = exams.next();
      const pid = await pidOf(site);
      let killedAt: number | undefined;
      await MOMENTS[moment]?.(site, exam, () => {
        if (killedAt === undefined) process.kill(pid, 'SIGKILL');
        killedAt ??= Date.now();
      });
      await untilWhole(site, exam);
      const took = Date.now() - (killedAt ?? 0);
      recoveries.set(victim, [...(recoveries.get(victim) ?? []), took]);
      expect(took, 'the exam has its result this soon after the kill').toBeLessThan(RECOVERY_MS);
      await site.untilReady();
      const versions = moment === SENDING ? 'any' : 1;
      await expectWhole(site, store, exam, { undisturbed, versions });
      if (versions === 1) done.push(exam);
    });
  }

  it('the supervisor: nothing is left running, and after a new start the exam ends', async () => {
    const exam = exams.next();
    const pids = new Map([
      ['PostgreSQL', postgresPid(site)],
      ['a function', await inferencePid(site)],
    ]);
    for (const part of ['postgres', 'provider', 'connector', 'gateway', 'web']) pids.set(part, await site.pidOf(part));
    await exam.send(site);
    await site.kill();
    const left = () => [...pids].flatMap(([name, pid]) => (isAlive(pid) ? [`${name}: ${whatItDoes(pid)}`] : []));
    await expect.poll(left, { timeout: RECOVERY_MS }).toEqual([]);
    const startedAt = Date.now();
    await site.start();
    await untilWhole(site, exam);
    recoveries.set('the supervisor, and started again,', [Date.now() - startedAt]);
    await expectWhole(site, store, exam, { undisturbed });
  });

  it('leaves nothing behind: no run was made or ended again since, and none is under way', async () => {
    await expectIdle(site);
    for (const exam of done) await expectWhole(site, store, exam, { undisturbed });
  });
});
