import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Plane } from '../volume.ts';
import { type Course, courses, type MrContrast, plannedExams, writeBrainPatient } from './patient.ts';
import { writeBrainRaw } from './raw.ts';

interface Settings {
  count: number;
  seed: string;
  out: string;
  raw?: true;
  acquired?: true;
  exams: number;
  course: Course;
  contrasts: MrContrast[];
  size: [number, number, number];
  spacing: [number, number, number];
  plane: Plane;
}

/** Number of the first patient: other than those of pelves and abdomens, who are other people. */
const FIRST_PATIENT = 1001;

const whole = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
};

const three = (text: string): [number, number, number] => {
  const [a = 0, b = 0, c = 0, ...more] = text.split(',').map(Number);
  if (more.length > 0 || ![a, b, c].every((number) => number > 0))
    throw new InvalidArgumentError('It must be three numbers above 0 with commas between.');
  return [a, b, c];
};

const known: readonly MrContrast[] = ['FLAIR', 'T1', 'T1c', 'T2'];
const contrastsIn = (text: string): MrContrast[] =>
  text.split(',').map((name) => {
    const contrast = known.find((one) => one === name);
    if (contrast === undefined)
      throw new InvalidArgumentError(`It must be of ${known.join(', ')}, with commas between.`);
    return contrast;
  });

/** `phantoms/main.ts brain`: head MR of operated patients over time, as DICOM or as arrays for training. */
export function brainCommand(): Command {
  return new Command('brain')
    .description('MR of the head after an operation: patients with up to six exams each, and truth.json.')
    .option('--count <n>', 'how many patients (with --raw: heads)', whole, 1)
    .option('--seed <text>', 'what the random numbers start from', '1')
    .requiredOption('--out <folder>', 'where the files go')
    .option('--exams <n>', 'exams of each patient', whole, 3)
    .addOption(new Option('--course <course>', 'what becomes of the lesion').choices(courses).default('grows'))
    .option('--contrasts <names>', 'series of each exam', contrastsIn, ['FLAIR'])
    .option('--size <columns,rows,slices>', 'voxels', three, [256, 256, 160])
    .option('--spacing <mm,mm,mm>', 'from voxel to voxel', three, [0.94, 0.94, 1.2])
    .addOption(new Option('--plane <plane>').choices(['axial', 'sagittal', 'coronal']).default('axial'))
    .option('--raw', 'instead of DICOM arrays for training: images.u8, truth.u8 and labels.json')
    .option(
      '--acquired',
      'with --raw: pairs of rescans, imaged at other resolutions and resampled, to measure a model by',
    )
    .action(async (settings: Settings) => {
      if (settings.raw) await writeBrainRaw(settings.out, settings);
      else await writePatients(settings);
    });
}

async function writePatients({
  count,
  seed,
  out,
  exams,
  course,
  contrasts,
  size,
  spacing,
  plane,
}: Settings): Promise<void> {
  await mkdir(out, { recursive: true });
  const truth = [];
  for (let n = 0; n < count; n++) {
    const own = `${seed}/${n}`;
    const written = await writeBrainPatient(path.join(out, String(n + 1).padStart(4, '0')), {
      seed: own,
      patient: FIRST_PATIENT + n,
      exams: plannedExams(own, course, exams),
      contrasts,
      grid: { size, spacing, plane },
    });
    truth.push(...written);
  }
  await writeFile(path.join(out, 'truth.json'), JSON.stringify(truth, undefined, 2));
}
