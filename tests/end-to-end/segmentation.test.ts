import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import type { RunView } from '../../schemas/api.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { type Site, startSite } from '../site.ts';
import { brain, LESION_ML, liver, sendSeries, withStandIns } from './segmentation-exams.ts';

const MINUTES = 60_000;
/** Longer than a busy machine ever pauses between two images of an exam. */
const QUIET_SECONDS = '8';

/** Of each object, by the SOP class of PS3.6. */
const SOP_CLASSES = {
  seg: '1.2.840.10008.5.1.4.1.1.66.4',
  rtstruct: '1.2.840.10008.5.1.4.1.1.481.3',
  report: '1.2.840.10008.5.1.4.1.1.88.34',
  capture: /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7/,
} as const;

function resultOf(run: RunView | undefined): SegmentationResult {
  if (run?.result?.kind !== 'segmentation') throw new Error(`no segmentation: ${JSON.stringify(run)}`);
  return run.result;
}

describe('exams of both segmentation pipelines, sent by C-STORE', { timeout: 4 * MINUTES }, () => {
  let folder: string;
  let site: Site;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-segmentation-'));
    site = await startSite({
      ...withStandIns(path.join(folder, 'pipelines')),
      OVERREAD_QUIET_SECONDS: QUIET_SECONDS,
    });
  }, 4 * MINUTES);
  afterAll(async () => {
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('become volumes and DICOM objects, by way of the connector and the functions', async () => {
    const other = brain({ number: 2, description: 'T1 MPRAGE' });
    const head = await sendSeries(site, 'CI2_CD_BTS', folder, [other, brain()]);
    const trunk = await sendSeries(site, 'CI2_CD_LDN', folder, [liver()]);
    const [ofHead] = await site.untilEnded(head, 1, 3 * MINUTES);
    const [ofTrunk] = await site.untilEnded(trunk, 1, 3 * MINUTES);
    for (const run of [ofHead, ofTrunk]) {
      expect(run?.steps.filter(({ status }) => status !== 'succeeded')).toEqual([]);
      expect(run?.status, run?.reason ?? '').toBe('succeeded');
    }
    const [lesion] = resultOf(ofHead).structures;
    expect(lesion).toMatchObject({ name: 'lesion', complete: true });
    expect(Math.abs((lesion?.volumeMl ?? 0) / LESION_ML - 1)).toBeLessThan(0.08);
    expect(resultOf(ofTrunk).structures.map(({ name }) => name)).toEqual(['left-lobe', 'right-lobe', 'vessels']);
    await expectObjects(resultOf(ofHead), head);
    await expectObjects(resultOf(ofTrunk), trunk);
  });

  it('start nothing new when they are sent again', async () => {
    const study = await sendSeries(site, 'CI2_CD_LDN', folder, [liver()]);
    const [before] = await site.untilEnded(study, 1, 3 * MINUTES);
    await sendSeries(site, 'CI2_CD_LDN', folder, [liver()]);
    expect((await site.untilEnded(study)).map(({ id }) => id)).toEqual([before?.id]);
  });

  it.each([
    [
      'another contrast',
      'CI2_CD_BTS',
      () => brain({ exam: { ...brain().exam, seed: 'e2e/contrast' }, description: 'T2 TSE TRA' }),
      /SeriesDescription is "T2 TSE TRA".*the model reads FLAIR/,
    ],
    [
      'another organ, relabelled',
      'CI2_CD_BTS',
      () => {
        const { grid, values } = brain().volume;
        const bright = { grid, values: values.map((_, at) => (at < 9 ? 0 : 900)) };
        return brain({ exam: { ...brain().exam, seed: 'e2e/organ' }, volume: bright });
      },
      /By its pixels the exam is not what the model/,
    ],
    [
      'half an exam',
      'CI2_CD_LDN',
      () => liver({ exam: { ...liver().exam, seed: 'e2e/half' }, volume: halfOf(liver().volume) }),
      /extentMm is 100: a whole liver needs 150 mm/,
    ],
  ])('end as out of scope for %s, with the reason', async (_, title, series, reason) => {
    const study = await sendSeries(site, title, folder, [series()]);
    const [run] = await site.untilEnded(study, 1, 3 * MINUTES);
    expect(run?.status).toBe('out-of-scope');
    expect(run?.reason).toMatch(reason);
    expect(run?.result).toBeNull();
  });

  /** The objects that the contract promises are in the store, of the right class, and of the exam that was sent. */
  async function expectObjects({ objects, run, pipeline }: SegmentationResult, study: string) {
    const store = site.openStore();
    try {
      for (const [kind, SOPClassUID] of Object.entries(SOP_CLASSES)) {
        const key = `${pipeline}/${run}/${pipeline}.${kind}.dcm`;
        expect(Object.values(objects)).toContain(key);
        const { dataset } = readPart10(await store.get('results', key));
        expect(dataset.text('SOPClassUID')).toMatch(SOPClassUID);
        expect(dataset.text('StudyInstanceUID')).toBe(study);
        expect(dataset.text('SeriesDescription')).toMatch(/^INVESTIGATIONAL /);
      }
      expect(objects.labels).toBe(`${pipeline}/${run}/${pipeline}.nii.gz`);
      await store.get('results', `${pipeline}/${run}/deliver.json`);
    } finally {
      await store.close();
    }
  }
});

/** The lower half of the slices. */
function halfOf({ grid, values }: ReturnType<typeof liver>['volume']) {
  const [columns, rows, slices] = grid.size;
  const size: typeof grid.size = [columns, rows, slices / 2];
  return { grid: { ...grid, size }, values: values.slice(0, values.length / 2) };
}
