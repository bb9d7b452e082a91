import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { iou } from '../../lib/imaging/boxes.ts';
import { type HipDemoExam, hipDemoExams } from '../../phantoms/demo-hip.ts';
import type { RunView } from '../../schemas/api.ts';
import { DetectionResult } from '../../schemas/result.ts';
import { DCMTK_ENVIRONMENT } from '../peers/debian.ts';
import { freePort } from '../ports.ts';
import { REAL_DATA, type Site, startSite } from '../site.ts';

const HIP = path.join(REAL_DATA, '08-hip-xray/wg04');
const storescuPath = '/usr/bin/storescu';

/** Sends with dcmtk, the file as it is encoded. */
async function storescu(port: number, syntax: string, file: string): Promise<void> {
  const parameters = ['-aec', 'CI2_CD_HIP_FRAC', syntax, '127.0.0.1', String(port), file];
  await promisify(execFile)(storescuPath, parameters, { env: DCMTK_ENVIRONMENT });
}

/** The data set that storescu puts on the wire (it writes the file's anew), as dcmtk's own receiver keeps it bit by bit. */
async function dataSetOnTheWire(syntax: string, file: string): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-storescp-'));
  const port = await freePort();
  const receiver = spawn('/usr/bin/storescp', ['+B', '+xa', '-od', folder, String(port)], { stdio: 'ignore' });
  try {
    await expect.poll(() => storescu(port, syntax, file).then(() => 'sent', String), { timeout: 10_000 }).toBe('sent');
    const [received] = readdirSync(folder);
    return dataSetOf(path.join(folder, received ?? ''));
  } finally {
    receiver.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

const dataSetOf = (file: string) => {
  const bytes = readFileSync(file);
  return bytes.subarray(readPart10(bytes, { untilPixelData: true }).dataSetOffset);
};

const imagesOf = (run: RunView | undefined) => DetectionResult.safeParse(run?.result).data?.images ?? [];
const hipsOf = (run: RunView | undefined) => imagesOf(run).flatMap(({ hips }) => hips);

describe('phantom exams', () => {
  let site: Site;
  let folder: string;
  let studies: HipDemoExam[];
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-phantoms-'));
    studies = await hipDemoExams(folder, { seed: 11 });
    site = await startSite();
  });
  afterAll(async () => {
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('become results, one run each', async () => {
    for (const study of studies) {
      await site.overread(
        'send',
        path.dirname(study.files[0] ?? ''),
        '--to',
        `127.0.0.1:${site.dicomPort}`,
        '--aet',
        study.calledAETitle,
      );
    }
    for (const { studyInstanceUid } of studies) {
      const runs = await site.untilEnded(studyInstanceUid);
      expect(runs.map(({ status, reason }) => ({ status, reason }))).toEqual([{ status: 'succeeded', reason: null }]);
      expect(hipsOf(runs[0]).length, 'a pelvis has hips').toBeGreaterThan(0);
    }
  });

  it('sent again start nothing new', async () => {
    const [study] = studies;
    if (study === undefined) throw new Error('no phantom');
    const [before] = await site.untilEnded(study.studyInstanceUid);
    await site.overread(
      'send',
      path.dirname(study.files[0] ?? ''),
      '--to',
      `127.0.0.1:${site.dicomPort}`,
      '--aet',
      study.calledAETitle,
    );
    const after = await site.untilEnded(study.studyInstanceUid);
    expect(after.map(({ id }) => id)).toEqual([before?.id]);
  });

  it('leave nothing running after SIGTERM', async () => {
    const parts = ['postgres', 'provider', 'connector', 'gateway', 'web'];
    const pids = await Promise.all(parts.map((part) => site.pidOf(part)));
    expect(await site.stop()).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});

describe.skipIf(!existsSync(HIP) || !existsSync(storescuPath))('the real adult hip, sent by storescu', () => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.remove();
    site = undefined;
  });

  /** Each encoding goes to a fresh Overread, since they share their UIDs. */
  async function runOf(file: string, syntax: string): Promise<RunView | undefined> {
    site = await startSite();
    const source = path.join(HIP, file);
    const { dataset } = readPart10(readFileSync(source), { untilPixelData: true });
    const uids = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map(
      (keyword) => dataset.text(keyword) ?? '',
    );
    await storescu(site.dicomPort, syntax, source);
    const [run] = await site.untilEnded(uids[0] ?? '');
    const [study, series, instance] = uids;
    const stored = path.join(site.data, `store/dicom/studies/${study}/series/${series}/instances/${instance}.dcm`);
    const sent = await dataSetOnTheWire(syntax, source);
    expect(dataSetOf(stored).equals(sent), 'the data set is kept byte for byte').toBe(true);
    await site.remove();
    return run;
  }

  it('gives the same boxes in every lossless encoding, and the same classes where it was compressed with loss', async () => {
    const j2k = await runOf('RG2_J2KR', '-xv');
    const rle = await runOf('RG2_RLE', '-xr');
    const lossy = await runOf('RG2_JPLY', '-xx');
    expect(hipsOf(j2k).length, 'the model that comes with the product finds the hip').toBeGreaterThan(0);
    expect(hipsOf(rle)).toEqual(hipsOf(j2k));
    expect(rle?.status).toBe(j2k?.status);
    expect(lossy?.status).toBe(j2k?.status);
    expect(hipsOf(lossy).map((hip) => hip.class)).toEqual(hipsOf(j2k).map((hip) => hip.class));
    for (const [index, { box }] of hipsOf(lossy).entries()) {
      expect(iou(box, hipsOf(j2k)[index]?.box ?? [0, 0, 0, 0])).toBeGreaterThanOrEqual(0.95);
    }
    for (const image of imagesOf(lossy)) expect(image.lossy).toBe(true);
    for (const image of imagesOf(j2k)) expect(image.lossy).toBe(false);
  });
});
