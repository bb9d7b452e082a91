import path from 'node:path';
import type { Exposure } from './exposure.ts';
import { type HipOptions, hipRadiograph } from './hip.ts';
import { otherRadiograph } from './other.ts';
import type { Radiograph } from './radiograph.ts';
import { type PhantomStudy, writeStudy } from './study.ts';

/** A phantom exam of hips to send, and what should become of it. */
export interface HipDemoExam {
  pipeline: 'hip-fracture-detection';
  calledAETitle: 'CI2_CD_HIP_FRAC';
  studyInstanceUid: string;
  /** Part 10 files, in a folder of their own. */
  files: string[];
  description: string;
  expected: 'succeeded' | 'out-of-scope';
}

/** Small enough that all of them are made in about two seconds. */
const LONG_SIDE = 1024;

/** Enough to tell which hips an image shows. */
const LOOK_LONG_SIDE = 128;

/** A well exposed radiograph, as a reader would like to have it. */
const EXPOSURE: Partial<Exposure> = {
  dose: 3e5,
  scatter: 0.15,
  dark: 0.01,
  bright: 0.998,
  flatten: 0.55,
  gamma: 1.15,
  texture: 0.1,
  bitsStored: 12,
  photometricInterpretation: 'MONOCHROME2',
  field: { x0: 0, y0: 0, x1: 1, y1: 1, turn: 0 },
};

interface Exam {
  description: string;
  expected: HipDemoExam['expected'];
  images: (seed: string) => Radiograph[];
}

const exams: readonly Exam[] = [
  {
    description: 'Pelvis and hip with a fracture of the left femur',
    expected: 'succeeded',
    images: (seed) => [
      hip(seed, { left: 'fracture', right: 'no-fracture', severity: 0.7, framing: 'pelvis' }),
      hip(ofOneHip(seed), { left: 'fracture', right: 'no-fracture', severity: 0.7, framing: 'left' }),
    ],
  },
  {
    description: 'Pelvis without a fracture, with an implant on the right',
    expected: 'succeeded',
    images: (seed) => [hip(seed, { left: 'no-fracture', right: 'hardware', framing: 'pelvis' })],
  },
];

const outOfScopeExam: Exam = {
  description: 'Chest sent to the hip model by mistake',
  expected: 'out-of-scope',
  images: (seed) => [otherRadiograph(seed, { kind: 'chest', longSide: LONG_SIDE })],
};

/**
 * Writes the demo's phantom exams below `folder`, one folder each; the same seed gives the same files.
 * `outOfScope` adds a chest, which the pipeline must refuse.
 */
export async function hipDemoExams(
  folder: string,
  options: { seed: number; outOfScope?: boolean },
): Promise<HipDemoExam[]> {
  const chosen = options.outOfScope === true ? [...exams, outOfScopeExam] : exams;
  const written: HipDemoExam[] = [];
  for (const [i, exam] of chosen.entries()) {
    const seed = `demo/${options.seed}/${i}`;
    const study: PhantomStudy = {
      seed,
      patient: i + 1,
      name: exam.expected === 'out-of-scope' ? 'Chest' : 'Hip',
      studyDescription: 'PELVIS',
      images: exam.images(seed),
    };
    const { files, studyInstanceUid } = await writeStudy(path.join(folder, `exam-${i + 1}`), study);
    written.push({
      pipeline: 'hip-fracture-detection',
      calledAETitle: 'CI2_CD_HIP_FRAC',
      studyInstanceUid,
      files,
      description: exam.description,
      expected: exam.expected,
    });
  }
  return written;
}

function hip(seed: string, options: HipOptions): Radiograph {
  return hipRadiograph(seed, { ...options, mirrored: false, exposure: EXPOSURE, longSide: LONG_SIDE });
}

/** A seed whose image of the left hip shows nothing of the right one: such an image is said to show the left side only. */
function ofOneHip(seed: string): string {
  for (let k = 0; ; k += 1) {
    const candidate = `${seed}/${k}`;
    const { hips, partialHips } = hipRadiograph(candidate, {
      framing: 'left',
      mirrored: false,
      view: 'AP',
      longSide: LOOK_LONG_SIDE,
    });
    if (hips.length === 1 && partialHips.length === 0) return candidate;
  }
}
