import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { plannedExams, writeBrainPatient } from '../../phantoms/brain/patient.ts';
import type { Vector } from '../../phantoms/volume.ts';
import { type Site, startSite } from '../site.ts';
import { writeEnlargedCt } from './enlarged-ct.ts';
import { againstLimit, type BenchExam, examsOnTrend, onlyRuns, sendAtOnce, stageTable } from './segmentation.ts';

const BRAIN_EXAMS = 6;
const BRAIN: { size: Vector; spacing: Vector } = { size: [256, 256, 160], spacing: [0.94, 0.94, 1.2] };
const BRAIN_LIMIT_MS = 600_000;
const LIVER: { size: Vector; spacing: Vector } = { size: [512, 512, 200], spacing: [0.75, 0.75, 1.5] };
const LIVER_LIMIT_MS = 180_000;
/** So long the bench waits: a busy machine is told from a broken one by its figure, not by an error. */
const PATIENCE_MS = 3_600_000;

/** Exams of the size that scanners make, with the products' own models: from the first byte to the last result. */
export async function benchExams(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-bench-exams-'));
  try {
    const brains = await brainExams(folder);
    const { studyInstanceUid, files } = await writeEnlargedCt(path.join(folder, 'liver'), {
      seed: 'bench/liver',
      patient: 2,
      ...LIVER,
    });
    const site = await startSite({ OVERREAD_QUIET_SECONDS: '1' });
    try {
      await benchBrain(site, brains, print);
      await benchLiver(site, { studyInstanceUid, files }, print);
    } finally {
      await site.remove();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function brainExams(folder: string): Promise<BenchExam[]> {
  const seed = 'bench/brain';
  const exams = plannedExams(seed, 'grows', BRAIN_EXAMS);
  const patient = { seed, patient: 1, exams, contrasts: ['FLAIR'], grid: BRAIN } as const;
  const written = await writeBrainPatient(path.join(folder, 'brain'), patient);
  return written.map(({ studyInstanceUid, series }) => ({
    studyInstanceUid,
    files: series.flatMap(({ files }) => files),
  }));
}

async function benchBrain(site: Site, exams: readonly BenchExam[], print: (line: string) => void): Promise<void> {
  const sent = await sendAtOnce(site, 'CI2_CD_BTS', exams, PATIENCE_MS);
  const runs = onlyRuns(sent);
  const [first] = runs;
  const onTrend = first === undefined ? 0 : await examsOnTrend(site, first);
  print(`\n${exams.length} brain exams of ${BRAIN.size.join(' × ')} of one patient at once, ${onTrend} on the trend`);
  print(againstLimit('first byte to last result', sent.totalMs, BRAIN_LIMIT_MS));
  print(`of which the transfer ${(sent.transferMs / 1000).toFixed(1)} s`);
  print(stageTable(runs));
  if (onTrend !== exams.length) throw new Error(`The trend must hold ${exams.length} exams; it holds ${onTrend}.`);
}

async function benchLiver(site: Site, exam: BenchExam, print: (line: string) => void): Promise<void> {
  const sent = await sendAtOnce(site, 'CI2_CD_LDN', [exam], PATIENCE_MS);
  const runs = onlyRuns(sent);
  print(`\none liver CT of ${LIVER.size.join(' × ')}`);
  print(againstLimit('first byte to result', sent.totalMs, LIVER_LIMIT_MS));
  print(`of which the transfer ${(sent.transferMs / 1000).toFixed(1)} s`);
  print(stageTable(runs));
}
