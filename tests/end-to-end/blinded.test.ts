import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { readSegmentation } from '../../lib/dicom/seg/read.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { type Site, startSite } from '../site.ts';
import { liver, sendSeries, withStandIns } from './segmentation-exams.ts';

const MINUTES = 60_000;
const PIPELINE = 'liver-transplant-segmentation';
const EVALUATION = 'liver-transplant-blinded';
const PASSWORD = 'a password for blinded reads';

describe('blinded reads of an exam that was sent by C-STORE', { timeout: 8 * MINUTES }, () => {
  let folder: string;
  let site: Site;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-blinded-e2e-'));
    site = await startSite({ ...withStandIns(path.join(folder, 'pipelines')), OVERREAD_QUIET_SECONDS: '8' });
  }, 4 * MINUTES);
  afterAll(async () => {
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are of the model’s, a structure set and a NIfTI file, which look alike', async () => {
    const study = await sendSeries(site, 'CI2_CD_LDN', folder, [liver()]);
    const [ended] = await site.untilEnded(study, 1, 4 * MINUTES);
    if (ended?.result?.kind !== 'segmentation') throw new Error(`no segmentation: ${ended?.reason}`);
    await bringIn(study, ended.result, 'rtstruct', { source: 'expert', tool: 'MIM', minutes: '38' });
    await bringIn(study, ended.result, 'labels', { source: 'novice', tool: 'ITK-SNAP', minutes: '71' });

    const made = await site.api('/accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'rada', password: PASSWORD, grants: [{ role: 'reader', evaluation: EVALUATION }] }),
    });
    expect(made.status, await made.clone().text()).toBe(201);
    const cookie = await signIn('rada');
    const get = (at: string) => fetch(`${site.web}${at}`, { headers: { cookie }, redirect: 'manual' });
    const listed = async () => {
      const { evaluations } = await (await get('/api/v1/copies')).json();
      return evaluations.find((one: { evaluation: string }) => one.evaluation === EVALUATION)?.exams ?? [];
    };
    await expect.poll(listed, { timeout: 2 * MINUTES, interval: 500 }).toHaveLength(1);
    const [exam] = await listed();
    expect(exam).toMatchObject({
      studyInstanceUid: study,
      copies: [{ state: 'asked' }, { state: 'later' }, { state: 'later' }],
    });

    const [first] = exam.copies;
    const answer = await get(`/copies/${first.id}/file`);
    expect(answer.headers.get('content-disposition')).toContain(`"${first.id}.seg.dcm"`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.toString('latin1')).not.toMatch(/MIM|ITK|expert|novice|levels/);
    expect(readSegmentation(bytes).segments.map(({ algorithmName }) => algorithmName)).toEqual(
      Array(3).fill('Blinded copy'),
    );
    const found = await (await get(`/copies/${first.id}/dicomweb/studies/${study}/series`)).json();
    expect(found.map((one: Record<string, { Value: string[] }>) => one['00080060']?.Value[0])).toEqual(['CT', 'SEG']);
    expect((await get(`/dicomweb/studies/${study}/series`)).status, 'the study itself is closed').toBe(404);
    expect((await get(`/runs/${ended.id}`)).status).toBe(404);

    const store = site.openStore();
    const key = await (await site.api(`/evaluations/${EVALUATION}/key`)).json();
    expect(key.copies.map(({ source }: { source: string }) => source).sort()).toEqual(['expert', 'model', 'novice']);
    const headers = await Promise.all(
      key.copies.map(async ({ id }: { id: string }) => {
        const { dataset } = readPart10(await store.get('feedback', `${EVALUATION}/copies/${id}.seg.dcm`));
        return ['SeriesNumber', 'SeriesDate', 'ContentDate', 'SoftwareVersions', 'SegmentationType'].map((keyword) =>
          dataset.text(keyword),
        );
      }),
    );
    await store.close();
    expect(new Set(headers.map((header) => JSON.stringify(header))).size).toBe(1);
    const report = await (await site.api(`/evaluations/${EVALUATION}/blinded`)).json();
    expect(report).toMatchObject({ exams: 1, waiting: [] });
    expect(
      report.times.map(({ source, made: { median } }: { source: string; made: { median: number } }) => [
        source,
        median > 0,
      ]),
    ).toEqual([
      ['model', true],
      ['expert', true],
      ['novice', true],
    ]);
  });

  /** Brings a file of a result in as if somebody had made it elsewhere. */
  async function bringIn(
    study: string,
    { objects, seriesInstanceUid }: SegmentationResult,
    kind: 'rtstruct' | 'labels',
    { source, tool, minutes }: { readonly source: string; readonly tool: string; readonly minutes: string },
  ): Promise<void> {
    const store = site.openStore();
    const file = path.join(folder, kind === 'labels' ? 'drawn.nii.gz' : 'drawn.dcm');
    writeFileSync(file, await store.get('results', objects[kind] ?? '').finally(() => store.close()));
    const { status, stderr } = await site.overread(
      ...['segmentation', 'import', file, '--study', study, '--series', seriesInstanceUid, '--pipeline', PIPELINE],
      ...['--source', source, '--tool', tool, '--minutes', minutes],
    );
    expect(status, stderr).toBe(0);
  }

  async function signIn(name: string): Promise<string> {
    const answer = await fetch(`${site.web}/sign-in`, {
      method: 'POST',
      headers: { origin: site.web },
      body: new URLSearchParams({ name, password: PASSWORD }),
      redirect: 'manual',
    });
    return answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
  }
});
