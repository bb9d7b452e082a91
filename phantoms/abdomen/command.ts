import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type AbdomenExam, writeAbdomen } from './exam.ts';
import { type Region, regions } from './phantom.ts';
import { writeRawAbdomens } from './raw.ts';
import { type Phase, phases } from './tissue.ts';

interface Settings {
  count: number;
  seed: string;
  out: string;
  raw?: true;
  size: [number, number, number];
  spacing: [number, number, number];
  phase: Phase;
  region: Region;
}

/** Number of the first patient: other than those of pelves and heads, who are other people. */
const FIRST_PATIENT = 2001;

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

/** `phantoms/main.ts abdomen-ct`: CT of the abdomen with liver lobes and vessels, as DICOM or as arrays for training. */
export function abdomenCommand(): Command {
  return new Command('abdomen-ct')
    .description('CT of the abdomen: a series of DICOM files each, and truth.json.')
    .option('--count <n>', 'how many', whole, 1)
    .option('--seed <text>', 'what the random numbers start from', '1')
    .requiredOption('--out <folder>', 'where the files go')
    .option('--raw', 'instead of DICOM arrays for training: hu.i16, tissue.u8 and phantoms.json')
    .option('--size <columns,rows,slices>', 'voxels', three, [128, 128, 48])
    .option('--spacing <mm,mm,mm>', 'from voxel to voxel', three, [2.9, 2.9, 5])
    .addOption(new Option('--phase <phase>').choices(phases).default('portal-venous'))
    .addOption(new Option('--region <region>').choices(regions).default('abdomen'))
    .action(async (settings: Settings) => {
      if (settings.raw) await writeRawAbdomens(settings.out, settings);
      else await writeExams(settings);
    });
}

async function writeExams({ count, seed, out, size, spacing, phase, region }: Settings): Promise<void> {
  const truth = [];
  for (let i = 0; i < count; i++) {
    const folder = path.join(out, String(i + 1).padStart(4, '0'));
    const exam: AbdomenExam = {
      seed: `${seed}/${i}`,
      patient: FIRST_PATIENT + i,
      studyDate: '20260105',
      studyDescription: region.toUpperCase(),
      options: { size, spacing, phase, region },
    };
    await mkdir(folder, { recursive: true });
    truth.push(await writeAbdomen(folder, exam, path.join(folder, 'truth.u8')));
  }
  await writeFile(path.join(out, 'truth.json'), JSON.stringify(truth, undefined, 2));
}
