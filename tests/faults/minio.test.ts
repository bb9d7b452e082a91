import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ObjectStore } from '../../lib/store/store.ts';
import { makeExams } from '../exams.ts';
import { startMinio } from '../peers/minio.ts';
import { describeWith } from '../peers/skip.ts';
import { type Site, startSite } from '../site.ts';
import { contentOf, expectIdle, expectWhole, QUIET_SECONDS, RECOVERY_MS, untilWhole } from './exam-checks.ts';
import { MOMENTS, SENDING } from './moments.ts';
import { summary } from './processes.ts';

const minio = await startMinio();
afterAll(() => minio?.stop());

describeWith('kill -9 on a real MinIO', minio, 'MinIO cannot be built here (no Go, or no sources)', (minio) => {
  let site: Site;
  let store: ObjectStore;
  let undisturbed: unknown;
  const recoveries = new Map<string, number[]>();
  const exams = makeExams({ count: 1 + 2 * Object.keys(MOMENTS).length, seed: 400 });

  /** Kills, and answers when what was killed is started again. */
  const VICTIMS: Readonly<Record<string, (pid: number) => Promise<void>>> = {
    MinIO: () => minio.kill().then(minio.restart),
    // On this store, events are lost while the connector is away.
    'the connector': async (pid) => void process.kill(pid, 'SIGKILL'),
  };

  beforeAll(async () => {
    await exams.ready;
    site = await startSite({
      OVERREAD_QUIET_SECONDS: QUIET_SECONDS,
      S3_ENDPOINT: minio.endpoint,
      S3_ACCESS_KEY: minio.accessKey,
      S3_SECRET_KEY: minio.secretKey,
    });
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

  for (const [victim, kill] of Object.entries(VICTIMS)) {
    for (const [moment, reach] of Object.entries(MOMENTS)) {
      it(`${victim}, ${moment}: every answered image is there, the run ends once`, async () => {
        const exam = exams.next();
        const pid = await site.pidOf('connector');
        let killedAt: number | undefined;
        let back: Promise<void> | undefined;
        await reach(site, exam, () => {
          killedAt ??= Date.now();
          back ??= kill(pid);
        });
        await back;
        await untilWhole(site, exam);
        const took = Date.now() - (killedAt ?? 0);
        recoveries.set(victim, [...(recoveries.get(victim) ?? []), took]);
        expect(took, 'the exam has its result this soon after the kill').toBeLessThan(RECOVERY_MS);
        await site.untilReady();
        await expectIdle(site);
        await expectWhole(site, store, exam, { undisturbed, versions: moment === SENDING ? 'any' : 1 });
      });
    }
  }
});
