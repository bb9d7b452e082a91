import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { sendFiles } from '../../lib/dicom/send.ts';
import { readNifti, writeNifti } from '../../lib/imaging/nifti.ts';
import { TrendState } from '../../schemas/trend.ts';
import { REAL_DATA, type Site, startSite } from '../site.ts';

const DATA = path.join(REAL_DATA, '04-brain-tumour-longitudinal-dicom-DERIVED');

/** Blank slices of a mask before the first slice that became DICOM. */
const BLANK = 2;
/** Volumes are kept in whole µL. */
const DIGITS = 2;
/** In-plane spacing and distance of the slices, mm, as the files say. */
const SPACING = { inPlane: 0.9375, slices: 6.5 };

/** A real exam (contrast-enhanced T1) with the mask of its tumour. */
interface RealExam {
  readonly study: string;
  readonly date: string;
  readonly files: readonly string[];
  /** The mask on the voxels of the images, as a NIfTI file. */
  readonly mask: string;
  readonly volumeMl: number;
}

let folder: string;
let site: Site;

/** The exams of a patient, oldest first. */
function examsOf(patient: string): RealExam[] {
  const names = readdirSync(path.join(DATA, patient)).filter((name) => !name.endsWith('.nii.gz'));
  return names.sort().map((name) => {
    const images = path.join(DATA, patient, name);
    const files = readdirSync(images).map((file) => path.join(images, file));
    const { dataset } = readPart10(readFileSync(files[0] ?? ''), { untilPixelData: true });
    const { values } = readNifti(readFileSync(path.join(DATA, patient, `${name}_tumour_mask.nii.gz`)));
    const pixels = 256 * 256;
    const kept = Uint8Array.from(values.subarray(BLANK * pixels, (BLANK + files.length) * pixels));
    const { inPlane, slices } = SPACING;
    const affine = [inPlane, 0, 0, -120, 0, inPlane, 0, -120, 0, 0, slices, 0];
    const mask = path.join(folder, `${patient}-${name}.nii`);
    writeFileSync(mask, writeNifti({ grid: { size: [256, 256, files.length], affine }, values: kept }));
    const voxels = kept.reduce((sum, value) => sum + value, 0);
    return {
      study: dataset.text('StudyInstanceUID') ?? '',
      date: dataset.text('StudyDate') ?? '',
      files,
      mask,
      volumeMl: (voxels * inPlane ** 2 * slices) / 1000,
    };
  });
}

async function send(files: readonly string[]): Promise<void> {
  const target = { host: '127.0.0.1', port: site.dicomPort, calledAETitle: 'CI2_CD_BTS', callingAETitle: 'SCANNER' };
  expect((await sendFiles(target, files)).failed).toEqual([]);
}

const importMask = ({ study, mask }: RealExam) =>
  site.overread(
    ...['segmentation', 'import', mask, '--study', study, '--pipeline', 'brain-tumor-segmentation'],
    ...['--source', 'expert', '--tool', 'ITK-SNAP', '--minutes', '75', '--names', 'lesion=1'],
  );

async function trendOf(study: string): Promise<TrendState> {
  const [run] = await site.runs(study);
  return TrendState.parse(await (await site.api(`/runs/${run?.id}/trend`)).json());
}

const pointsOf = ({ trend }: TrendState) =>
  trend.curves.flatMap(({ maker, points }) =>
    points.map(({ date, volumeMl }) => [maker.kind === 'imported' ? maker.source : maker.kind, date, volumeMl]),
  );

describe.skipIf(!existsSync(DATA))('two real patients with two exams each', () => {
  let first: [RealExam, RealExam];
  let second: [RealExam, RealExam];

  const pair = (patient: string): [RealExam, RealExam] => {
    const [earlier, later] = examsOf(patient);
    if (earlier === undefined || later === undefined) throw new Error(`${patient} has two exams.`);
    return [earlier, later];
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-longitudinal-'));
    first = pair('PGBM-002');
    second = pair('PGBM-010');
    site = await startSite();
  }, 180_000);
  afterAll(async () => {
    await site.stop();
    await site.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('calls contrast-enhanced T1 out of scope, and says so', async () => {
    // The newest exam comes first.
    await send(first[1].files);
    const [run] = await site.untilEnded(first[1].study);
    expect(run).toMatchObject({ status: 'out-of-scope' });
    expect(run?.reason).toMatch(/FLAIR/);
    expect(run?.reason).toMatch(/T1|contrast/i);
  }, 120_000);

  it('measures the masks that an expert drew, and puts them in the order of the exams', async () => {
    await send(first[0].files);
    await site.untilEnded(first[0].study);
    for (const exam of [first[1], first[0]]) {
      const { status, stdout, stderr } = await importMask(exam);
      expect(status, stderr).toBe(0);
      expect(stdout).toContain(' mL');
    }
    const state = await trendOf(first[0].study);
    expect(pointsOf(state)).toEqual(
      first.map(({ date, volumeMl }) => ['expert', date, expect.closeTo(volumeMl, DIGITS)]),
    );
    expect(first.map(({ date }) => date)).toEqual(['19960813', '19970117']);
    const change = (first[1].volumeMl - first[0].volumeMl) / first[0].volumeMl;
    expect(state.trend.curves[0]?.points[1]?.change).toBeCloseTo(change, 3);
    expect(state.input.exams.map(({ status }) => status)).toEqual(['out-of-scope', 'out-of-scope']);
  }, 240_000);

  it('refuses a mask while an image is missing, and takes it when the late image is there', async () => {
    const [exam] = second;
    const last = exam.files.at(-1) ?? '';
    await send(exam.files.slice(0, -1));
    await site.untilEnded(exam.study);
    const early = await importMask(exam);
    expect(early.status).toBe(1);
    expect(early.stderr).toContain('must lie on the voxels of the images');

    await send([last]);
    await site.untilEnded(exam.study, 3);
    expect((await importMask(exam)).status).toBe(0);
    await send(second[1].files);
    await site.untilEnded(second[1].study);
    expect((await importMask(second[1])).status).toBe(0);
    const points = pointsOf(await trendOf(exam.study));
    expect(points).toEqual(second.map(({ date, volumeMl }) => ['expert', date, expect.closeTo(volumeMl, DIGITS)]));
  }, 300_000);

  it('changes nothing when an exam is sent again, and keeps patients apart', async () => {
    const before = await trendOf(second[0].study);
    await send(second[0].files);
    await expect.poll(async () => (await site.study(second[0].study)).state, { timeout: 20_000 }).toBe('complete');
    expect((await trendOf(second[0].study)).digest).toBe(before.digest);
    const others = new Set(first.map(({ study }) => study));
    expect(before.input.exams.some(({ studyInstanceUid }) => others.has(studyInstanceUid))).toBe(false);
  }, 120_000);

  it('leaves out a withdrawn exam at once, and the earlier state can still be named', async () => {
    const before = await trendOf(first[1].study);
    const [run] = await site.runs(first[1].study);
    const entry = { id: randomUUID(), kind: 'withdrawn', studyInstanceUid: first[0].study, reason: 'wrong patient' };
    const headers = { 'content-type': 'application/json' };
    const answer = await site.api(`/runs/${run?.id}/trend`, { method: 'POST', body: JSON.stringify(entry), headers });
    expect(answer.status).toBe(201);
    const after = TrendState.parse(await answer.json());
    expect(pointsOf(after)).toEqual([['expert', first[1].date, expect.closeTo(first[1].volumeMl, DIGITS)]]);
    expect(after.trend.left[0]?.reason).toMatch(/^Withdrawn by api-token on .*: wrong patient$/);
    const again = await site.api(`/trends/brain-tumor-segmentation/${before.digest}`);
    expect(TrendState.parse(await again.json())).toEqual(before);
  }, 60_000);
});
