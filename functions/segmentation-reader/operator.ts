import { z } from 'zod';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { writeNifti } from '../../lib/imaging/nifti.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { nameInFile } from '../../lib/runs/structure-names.ts';
import { Slug } from '../../schemas/scalars.ts';
import { type Segmentation, Structure, VolumeSet } from '../../schemas/volume.ts';
import { defineOperator, jsonBytes, readJson, type StepContext } from '../operator.ts';
import { type Identity, type Masks, openMasks } from './masks.ts';

export const segmentationReader = defineOperator({
  name: 'segmentation-reader',
  version: '1.1.0',
  description: 'Reads a segmentation that was made elsewhere (DICOM SEG, RT Structure Set, NIfTI) onto its images.',
  parameters: z.object({
    structures: z.array(Structure).min(1).describe('Structures that are looked for in it.'),
    names: z
      .record(Slug, z.string())
      .default({})
      .describe('Structure → what the file calls it, where that is neither its name, nor its title, nor its label.'),
    tool: z.string().default('unknown tool').describe('What it was made with.'),
    absent: z
      .enum(['left-out', 'empty'])
      .default('left-out')
      .describe(
        'What becomes of a structure that the file does not hold. A reader who removes all of one leaves none.',
      ),
    others: z
      .enum(['ignored', 'refused'])
      .default('ignored')
      .describe('What becomes of what the file holds besides: what a reader drew must not be lost without a word.'),
  }),
  inputs: {
    instances: 'DICOM files (Part 10) of the images: patient and study must be the same.',
    images: 'The list of volumes that dicom-reader made: one.',
    imported: 'The file.',
  },
  outputs: {
    segmentation: 'Segmentation as JSON, on the grid of the images.',
    labels: 'Its label map: NIfTI of unsigned bytes.',
  },
  async run(context) {
    const { volumes } = await readJson(context.inputFile('images'), VolumeSet);
    const [volume, ...more] = volumes;
    if (volume === undefined || more.length > 0) throw unprocessable('A segmentation is read onto one volume.');
    const masks = openMasks(await context.inputFile('imported').read(), volume, await identityOf(context));
    const values = new Uint8Array(volume.grid.size.reduce((product, size) => product * size));
    const found: Structure[] = [];
    const { structures, names, absent, others } = context.parameters;
    const read = new Set<string>();
    let overlapping = 0;
    for (const structure of structures) {
      context.signal.throwIfAborted();
      const name = nameInFile(masks.names, structure, names);
      if (name !== undefined || absent === 'empty') found.push(structure);
      if (name === undefined) continue;
      read.add(name);
      const mask = await masks.mask(name);
      for (let at = 0; at < values.length; at++) {
        if (mask[at] !== 1) continue;
        if (values[at] !== 0) overlapping++;
        values[at] = structure.label;
      }
    }
    const left = masks.names.filter((name, index) => !read.has(name) || masks.names.indexOf(name) !== index);
    if (found.length === 0) throw nothingFound(masks, structures);
    if (others === 'refused' && left.length > 0) throw othersFound(left, structures);
    const segmentation: Segmentation = {
      file: 'labels.nii',
      grid: volume.grid,
      structures: found,
      reference: volume.input,
      model: null,
      tool: context.parameters.tool,
      scope: null,
      steps: [],
    };
    await Promise.all([
      context.output('labels', segmentation.file, writeNifti({ grid: volume.grid, values })),
      context.output('segmentation', 'segmentation.json', jsonBytes(segmentation), 'application/json'),
    ]);
    return { structures: found.map(({ name }) => name), overlappingVoxels: overlapping };
  },
});

async function identityOf(context: StepContext): Promise<Identity> {
  const [file] = context.input('instances');
  if (file === undefined) throw unprocessable('There is no image to hold the segmentation against.');
  const { dataset } = readPart10(await file.read(), { untilPixelData: true });
  return {
    PatientID: dataset.text('PatientID') ?? '',
    IssuerOfPatientID: dataset.text('IssuerOfPatientID') ?? '',
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
  };
}

function nothingFound({ names }: Masks, structures: readonly Structure[]): Error {
  const wanted = structures.map(({ name }) => name).join(', ');
  const has = names.length === 0 ? 'nothing' : quoted(names);
  return unprocessable(`The file must hold ${wanted}; it holds ${has}. Say which is which with --names.`);
}

function othersFound(names: readonly string[], structures: readonly Structure[]): Error {
  const wanted = structures.map(({ title }) => title).join(', ');
  return unprocessable(`The segmentation must hold nothing but ${wanted}; it also holds ${quoted(names)}.`);
}

const quoted = (names: readonly string[]) =>
  names.map((name) => `"${name.replaceAll(/\p{C}/gu, ' ').slice(0, 64)}"`).join(', ');
