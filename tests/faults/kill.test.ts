import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import { type Exam, makeExams } from '../exams.ts';
import { type Site, startSite } from '../site.ts';
import { contentOf, expectIdle, expectWhole, RECOVERY_MS, untilWhole } from './exam-checks.ts';
import { functionPid, isAlive, postgresPid, summary } from './processes.ts';

const inference = async (site: Site) => functionPid(await site.pidOf('provider'), 'infer-detection');

/** Process ids of those that are killed. */
const VICTIMS: Readonly<Record<string, (site: Site) => Promise<number>>> = {
  'the gateway': (site) => site.pidOf('gateway'),
  'the connector': (site) => site.pidOf('connector'),
  'the provider': (site) => site.pidOf('provider'),
  'the web': (site) => site.pidOf('web'),
  'a function': inference,
  PostgreSQL: async (site) => postgresPid(site),
};

/** Brings an exam to a moment, and kills then. */
type Moment = (site: Site, exam: Exam, kill: () => void) => Promise<void>;

const MOMENTS: Readonly<Record<string, Moment>> = {
  'while images are sent': (site, exam, kill) => exam.sendUntilTaken(site, kill),
  'when the last image is answered': async (site, exam, kill) => {
    await exam.send(site);
    kill();
  },
  'while a function has its call in hand': async (site, exam, kill) => {
    const pid = await inference(site);
    process.kill(pid, 'SIGSTOP');
    await exam.send(site);
    await untilRun(site, exam, ({ steps }) => statusOf(steps, 'infer-detection') === 'running');
    kill();
    if (isAlive(pid)) process.kill(pid, 'SIGCONT');
  },
  'when its last steps come': async (site, exam, kill) => {
    await exam.send(site);
    await untilRun(site, exam, ({ steps }) => statusOf(steps, 'infer-detection') === 'succeeded');
    kill();
  },
};

describe('kill -9 in the middle of an exam', () => {
  let site: Site;
  let store: ObjectStore;
  let undisturbed: unknown;
  const done: Exam[] = [];
  const recoveries = new Map<string, number[]>();
  const exams = makeExams({ count: 2 + Object.keys(VICTIMS).length * Object.keys(MOMENTS).length, seed: 100 });

  beforeAll(async () => {
    await exams.ready;
    site = await startSite();
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

  for (const [victim, pidOf] of Object.entries(VICTIMS)) {
    for (const [moment, reach] of Object.entries(MOMENTS)) {
      it(`${victim}, ${moment}: every answered image is there, the run ends once`, async () => {
        const exam = exams.next();
        const pid = await pidOf(site);
        let killedAt: number | undefined;
        await reach(site, exam, () => {
          if (killedAt !== undefined) return;
          killedAt = Date.now();
          process.kill(pid, 'SIGKILL');
        });
        await untilWhole(site, exam);
        const took = Date.now() - (killedAt ?? 0);
        recoveries.set(victim, [...(recoveries.get(victim) ?? []), took]);
        expect(took, 'the exam has its result this soon after the kill').toBeLessThan(RECOVERY_MS);
        await site.untilReady();
        // A gateway that is away for longer than the quiet period finds the study complete with what it has.
        const versions = moment === 'while images are sent' ? 'any' : 1;
        await expectWhole(site, store, exam, { undisturbed, versions });
        if (versions === 1) done.push(exam);
      });
    }
  }

  it('the supervisor: nothing is left running, and after a new start the exam ends', async () => {
    const exam = exams.next();
    const parts = await Promise.all(['postgres', 'provider', 'connector', 'gateway', 'web'].map(site.pidOf));
    const others = [postgresPid(site), await inference(site)];
    await exam.send(site);
    const killedAt = Date.now();
    await site.kill();
    await expect.poll(() => [...parts, ...others].filter(isAlive), { timeout: RECOVERY_MS }).toEqual([]);
    await site.start();
    await untilWhole(site, exam);
    recoveries.set('the supervisor', [Date.now() - killedAt]);
    await expectWhole(site, store, exam, { undisturbed });
  });

  it('leaves nothing behind: no run was made or ended again since, and none is under way', async () => {
    await expectIdle(site);
    for (const exam of done) await expectWhole(site, store, exam, { undisturbed });
  });
});

const statusOf = (steps: RunView['steps'], step: string) => steps.find(({ name }) => name === step)?.status;

async function untilRun(site: Site, exam: Exam, met: (run: RunView) => boolean): Promise<void> {
  const reached = async () => (await site.runs(exam.studyInstanceUid).catch(() => [])).some(met);
  await expect.poll(reached, { timeout: RECOVERY_MS, interval: 25 }).toBe(true);
}
