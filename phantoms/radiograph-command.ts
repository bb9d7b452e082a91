import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { hipRadiograph } from './hip.ts';
import { otherKinds, otherRadiograph } from './other.ts';
import { writeRaw } from './raw.ts';
import { writeStudy } from './study.ts';

interface Settings {
  count: number;
  seed: string;
  out: string;
  size: number;
  raw?: true;
  sopClass: 'CR' | 'DX';
  sides: 'stated' | 'absent' | 'contradictory';
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
};

/** `phantoms/main.ts hip`, `chest` and so on: radiographs, as DICOM or as one array for training. */
export function radiographCommand(): Command {
  return new Command('radiograph')
    .description('Radiographs of a kind (the word radiograph may be left out), and truth.json.')
    .addArgument(new Argument('<kind>').choices(['hip', ...otherKinds]))
    .option('--count <n>', 'how many', wholeNumber, 1)
    .option('--seed <text>', 'what the random numbers start from', '1')
    .requiredOption('--out <folder>', 'where the files go')
    .option(
      '--size <pixels>',
      "pixels of the longer side; with --raw the side of the network's input",
      wholeNumber,
      1600,
    )
    .option('--raw', 'instead of DICOM one array for training (hips and all others): images.u8 and labels.json')
    .addOption(new Option('--sop-class <class>').choices(['CR', 'DX']).default('CR'))
    .addOption(
      new Option('--sides <what>', 'what the header says of sides')
        .choices(['stated', 'absent', 'contradictory'])
        .default('stated'),
    )
    .action(async (kind: string, settings: Settings) => {
      if (settings.raw) await writeRaw(settings.out, settings);
      else await writeDicom(kind, settings);
    });
}

async function writeDicom(kind: string, { count, seed, out, size, sopClass, sides }: Settings): Promise<void> {
  const other = otherKinds.find((known) => known === kind);
  await mkdir(out, { recursive: true });
  const truth = [];
  for (let i = 0; i < count; i++) {
    const own = `${seed}/${i}`;
    const radiograph =
      other === undefined
        ? hipRadiograph(own, { longSide: size })
        : otherRadiograph(own, { kind: other, longSide: size });
    const study = {
      seed: `${kind}/${own}`,
      patient: i + 1,
      name: kind,
      studyDescription: other === undefined ? 'PELVIS' : kind.toUpperCase(),
      images: [radiograph],
    };
    truth.push(...(await writeStudy(path.join(out, String(i + 1).padStart(4, '0')), study, { sopClass, sides })).truth);
  }
  await writeFile(path.join(out, 'truth.json'), JSON.stringify(truth, undefined, 2));
}
