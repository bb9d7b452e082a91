/** Networks by others, each brought into an evaluation of its own by files alone, count what they count elsewhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { sendFiles } from '../../lib/dicom/send.ts';
import { readManifest } from '../../lib/runs/state.ts';
import type { WrittenSeries } from '../../phantoms/volume-dicom.ts';
import { describeWith } from '../peers/skip.ts';
import { type Site, startSite } from '../site.ts';
import { aeTitleOf, BRAINCHOP, HAS_BRAINCHOP, nameOf, writeEvaluation, writeT1 } from './inference/brainchop.ts';

/** The largest of the three needs a minute of two free cores. */
const LIMIT_MS = 1_800_000;

const Asked = z.object({ evaluation: z.object({ name: z.string() }) });

describeWith('networks of brainchop', HAS_BRAINCHOP || undefined, 'the shared data are not there', () => {
  let folder: string;
  let site: Site;
  let exam: WrittenSeries;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-brainchop-'));
    const models = BRAINCHOP.map((network) => writeEvaluation(folder, network));
    exam = await writeT1(path.join(folder, 't1'));
    site = await startSite({ OVERREAD_PIPELINES: path.join(folder, 'pipelines'), OVERREAD_QUIET_SECONDS: '5' });
    for (const model of models) {
      const { status, stderr } = await site.overread('model', 'import', model);
      expect(status, stderr).toBe(0);
    }
  }, LIMIT_MS);
  afterAll(async () => {
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(BRAINCHOP)(
    '$name counts as it does elsewhere, and readers are asked about it',
    async (network) => {
      const name = nameOf(network);
      const target = {
        host: '127.0.0.1',
        port: site.dicomPort,
        calledAETitle: aeTitleOf(network),
        callingAETitle: 'TEST',
      };
      expect((await sendFiles(target, exam.files)).failed).toEqual([]);
      const runs = await site.untilEnded(exam.studyInstanceUid, BRAINCHOP.indexOf(network) + 1, LIMIT_MS);
      const run = runs.find(({ pipeline }) => pipeline === name);
      expect(run).toMatchObject({ status: 'succeeded', reason: null, models: [{ name, version: '1.0.0' }] });

      const store = site.openStore();
      const manifest = await readManifest(store, run?.id ?? '', 'infer-segmentation');
      await store.close();
      const [, white, grey] = network.counts;
      expect(manifest?.data.voxels).toEqual({ 'white-matter': white, 'grey-matter': grey });

      const asked = Asked.parse(await (await site.api(`/runs/${run?.id}/feedback`)).json());
      expect(asked.evaluation.name).toBe(name);
    },
    LIMIT_MS,
  );
});
