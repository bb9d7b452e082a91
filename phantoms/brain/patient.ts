import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Random } from '../random.ts';
import { type GridWishes, gridOf } from '../volume.ts';
import { type MrAcquisition, type WrittenSeries, writeSeries } from '../volume-dicom.ts';
import { type Atlas, atlasOf } from './atlas.ts';
import type { Contrast } from './contrast.ts';
import { examine, poseOf } from './exam.ts';

export type MrContrast = Exclude<Contrast, 'CT'>;

/** What becomes of the lesion from exam to exam. */
export const courses = ['grows', 'shrinks', 'stays'] as const;
export type Course = (typeof courses)[number];

/** An exam of a patient at one date. */
export interface PlannedExam {
  /** `YYYYMMDD`. */
  studyDate: string;
  lesionMl: number;
  /** How far the oedema has spread, mm beyond its first extent; it comes and goes without the lesion. */
  oedemaMm: number;
}

export interface BrainPatient {
  /** The same seed gives the same head; its exams differ by their dates. */
  seed: string;
  patient: number;
  exams: readonly PlannedExam[];
  /** Series of each exam, in this order. */
  contrasts: readonly MrContrast[];
  grid: Omit<GridWishes, 'centre'>;
}

export interface WrittenBrainExam extends PlannedExam {
  studyInstanceUid: string;
  series: (WrittenSeries & { contrast: MrContrast })[];
}

/** Where the middle of an exam lies in a head that is not moved, mm. */
const CENTRE = [0, 0, -8] as const;

const series: Record<MrContrast, { number: number; description: string; acquisition: MrAcquisition; agent?: string }> =
  {
    T1: {
      number: 2,
      description: 'T1 MPRAGE 3D',
      acquisition: {
        modality: 'MR',
        repetitionTime: 2000,
        echoTime: 2.5,
        inversionTime: 900,
        flipAngle: 9,
        scanningSequence: ['GR', 'IR'],
      },
    },
    FLAIR: {
      number: 3,
      description: 'T2 FLAIR 3D',
      acquisition: {
        modality: 'MR',
        repetitionTime: 6000,
        echoTime: 390,
        inversionTime: 1850,
        echoTrainLength: 180,
        scanningSequence: ['SE', 'IR'],
      },
    },
    T2: {
      number: 4,
      description: 'T2 TSE',
      acquisition: { modality: 'MR', repetitionTime: 4500, echoTime: 95, echoTrainLength: 15, scanningSequence: 'SE' },
    },
    T1c: {
      number: 5,
      description: 'T1 MPRAGE 3D GD',
      acquisition: {
        modality: 'MR',
        repetitionTime: 2000,
        echoTime: 2.5,
        inversionTime: 900,
        flipAngle: 9,
        scanningSequence: ['GR', 'IR'],
      },
      agent: 'GADOBUTROL',
    },
  };

/** Up to six exams about three months apart, the first of them after the operation. */
export function plannedExams(seed: string, course: Course, count: number): PlannedExam[] {
  const random = new Random(`${seed}/course`);
  const first = Math.exp(random.between(Math.log(4), Math.log(20)));
  const day = new Date(Date.UTC(2025, random.whole(0, 11), random.whole(1, 28)));
  let lesionMl = first;
  return Array.from({ length: count }, (_, n) => {
    if (n > 0) {
      day.setUTCDate(day.getUTCDate() + random.whole(70, 110));
      lesionMl *= { grows: random.between(1.18, 1.5), shrinks: random.between(0.72, 0.9), stays: 1 }[course];
    }
    const studyDate = day.toISOString().slice(0, 10).replaceAll('-', '');
    return { studyDate, lesionMl: Math.round(lesionMl * 100) / 100, oedemaMm: random.between(-8, 5) };
  });
}

/**
 * Writes the exams of a patient as `<folder>/<exam>/<series>-<slice>.dcm`, and for each FLAIR the truth on its own grid as
 * `<folder>/<exam>/truth.u8` (1 lesion, 2 as bright and no lesion; i fastest, slices in the order of the files).
 */
export async function writeBrainPatient(folder: string, patient: BrainPatient): Promise<WrittenBrainExam[]> {
  const atlas = atlasOf(patient.seed);
  const written = [];
  for (const [n, exam] of patient.exams.entries())
    written.push(await writeExam(path.join(folder, String(n + 1)), atlas, patient, exam, n));
  return written;
}

async function writeExam(
  folder: string,
  atlas: Atlas,
  { seed, patient, contrasts, grid: wishes }: BrainPatient,
  planned: PlannedExam,
  index: number,
): Promise<WrittenBrainExam> {
  const own = `${seed}/${index}`;
  const pose = poseOf(new Random(`${own}/pose`));
  const grid = gridOf({ ...wishes, centre: CENTRE });
  const { studyDate, lesionMl, oedemaMm } = planned;
  const exam = { seed: own, patient, name: 'Brain', studyDate, studyDescription: 'MR BRAIN TUMOUR FOLLOW-UP' };
  const all: WrittenBrainExam['series'] = [];
  for (const contrast of contrasts) {
    const { number, description, acquisition, agent } = series[contrast];
    const { image, truth } = examine(atlas, {
      contrast,
      grid,
      lesionMl,
      oedemaMm,
      seed: `${own}/${contrast}`,
      protocol: `${seed}/${contrast}`,
      pose,
    });
    const files = await writeSeries(folder, {
      exam,
      number,
      description,
      bodyPart: 'HEAD',
      acquisition,
      volume: image,
      ...(agent === undefined ? {} : { contrastAgent: agent }),
    });
    all.push({ ...files, contrast });
    if (contrast === 'FLAIR') await writeFile(path.join(folder, 'truth.u8'), truth.values);
  }
  return { ...planned, studyInstanceUid: all[0]?.studyInstanceUid ?? '', series: all };
}
