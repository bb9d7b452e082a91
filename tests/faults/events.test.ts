import { mkdtempSync, readdirSync, readlinkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../lib/store/store.ts';
import { makeExams } from '../exams.ts';
import { startMinio } from '../peers/minio.ts';
import { describeWith } from '../peers/skip.ts';
import { type Site, type SiteEnvironment, startSite } from '../site.ts';
import { contentOf, expectIdle, expectWhole, QUIET_SECONDS, RECOVERY_MS, untilWhole } from './exam-checks.ts';

const minio = await startMinio();
afterAll(() => minio?.stop());

/** What may become of events; `astray.ts` knows these words. */
const MODES = ['withheld', 'every other withheld', 'doubled', 'reordered'];

/**
 * Exams on a site whose connector hears the store's events as a mode says.
 *
 * @param lose waits until the plan of a run is told of, and removes whatever the store tells the connector
 */
function eventsAstray(environment: () => SiteEnvironment, lose?: (site: Site) => Promise<void>): void {
  let site: Site;
  let store: ObjectStore;
  let undisturbed: unknown;
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-astray-'));
  const modeFile = path.join(folder, 'mode');
  const exams = makeExams({ count: 2 + MODES.length, seed: 200 });

  beforeAll(async () => {
    writeFileSync(modeFile, 'as they come');
    await exams.ready;
    site = await startSite({
      OVERREAD_QUIET_SECONDS: QUIET_SECONDS,
      NODE_OPTIONS: `--import=${path.join(import.meta.dirname, 'astray.ts')}`,
      EVENTS_ASTRAY: modeFile,
      ...environment(),
    });
    store = site.openStore();
    const exam = exams.next();
    await exam.send(site);
    const [run] = await untilWhole(site, exam);
    undisturbed = contentOf(run, exam);
  });
  afterAll(async () => {
    await store?.close();
    await site?.remove();
    exams.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const mode of MODES) {
    it(`${mode}: the exam has its result all the same, once`, async () => {
      const exam = exams.next();
      writeFileSync(modeFile, mode);
      await exam.send(site);
      const answeredAt = Date.now();
      await untilWhole(site, exam);
      console.log(`events ${mode}: result after ${((Date.now() - answeredAt) / 1000).toFixed(1)} s`);
      await expectIdle(site);
      await expectWhole(site, store, exam, { undisturbed });
    });
  }

  if (lose === undefined) return;
  it('lost while the connector stood still: the same', async () => {
    const exam = exams.next();
    writeFileSync(modeFile, 'as they come');
    const connector = await site.pidOf('connector');
    process.kill(connector, 'SIGSTOP');
    try {
      await exam.send(site);
      await lose(site);
    } finally {
      process.kill(connector, 'SIGCONT');
    }
    await untilWhole(site, exam);
    await expectWhole(site, store, exam, { undisturbed });
  });
}

describe('object events of the store fs', () => {
  eventsAstray(
    () => ({}),
    async ({ data }) => {
      const journal = path.join(data, 'journal');
      const entries = () => readdirSync(journal).map((name) => path.join(journal, name));
      const isPlan = (entry: string) => readlinkSync(entry).endsWith('/run.json');
      await expect.poll(() => entries().some(isPlan), { timeout: RECOVERY_MS }).toBe(true);
      for (const entry of entries()) unlinkSync(entry);
    },
  );
});

describeWith('object events of a real MinIO', minio, 'MinIO cannot be built here (no Go, or no sources)', (minio) => {
  eventsAstray(() => ({
    S3_ENDPOINT: minio.endpoint,
    S3_ACCESS_KEY: minio.accessKey,
    S3_SECRET_KEY: minio.secretKey,
  }));
});
