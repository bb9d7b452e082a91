import { readPart10 } from '../../lib/dicom/dataset.ts';
import { examOf } from '../../lib/dicom/made/exam.ts';
import type { Reference } from '../../lib/dicom/made/object.ts';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { maskOf, type ReadSegmentation, readSegmentation } from '../../lib/dicom/seg/read.ts';
import { writeSegmentation } from '../../lib/dicom/seg/write.ts';
import { deriveUid } from '../../lib/dicom/uid.ts';
import { nameInFile } from '../../lib/runs/structure-names.ts';
import type { Structure, Volume } from '../../schemas/volume.ts';

/** What a copy is made of. All of an exam are made with the same, but for `id` and `segmentation`. */
export interface CopyToWrite {
  readonly id: string;
  /** The DICOM Segmentation that is copied. */
  readonly segmentation: Uint8Array;
  /** The images that it lies on, as dicom-reader has them. */
  readonly volume: Volume;
  /** The first of them as Part 10 file: patient, study and series are taken from it. */
  readonly image: Uint8Array;
  /** Every instance of their series. */
  readonly sources: readonly Reference[];
  /** What the pipeline finds: names, codes and colours come from here, whoever made the segmentation. */
  readonly structures: readonly Structure[];
  /** ISO 8601: the one moment that stands in all copies of the exam. */
  readonly at: string;
}

/** In all copies alike; a number of its own, which says nothing of the source. */
const SERIES_NUMBER = 9021;

/** How many digits of the id fit behind `INVESTIGATIONAL ` in the 64 characters of SeriesDescription. */
const SHOWN_DIGITS = 48;

/** Whoever made it: the one thing that is said of the algorithm. */
const ALGORITHM = { type: 'SEMIAUTOMATIC', name: 'Blinded copy', version: '1', parameters: 'not told' } as const;

/** What stands in SeriesDescription behind `INVESTIGATIONAL `. */
const descriptionOf = (id: string) => id.slice(0, SHOWN_DIGITS);

/** UIDs of a copy: they follow from its id alone. */
export function uidsOf(id: string): { readonly SeriesInstanceUID: string; readonly SOPInstanceUID: string } {
  return {
    SeriesInstanceUID: deriveUid('overread', 'blinded copy', id, 'series'),
    SOPInstanceUID: deriveUid('overread', 'blinded copy', id, 'instance'),
  };
}

/**
 * Writes a segmentation anew, voxel by voxel, so that nothing in it tells who made it: with the pipeline's names, codes and
 * colours in the pipeline's order, one way of writing, and UIDs that follow from its id. A structure that it lacks becomes an
 * empty segment. What was written is read back and compared.
 *
 * @throws {UnfitObjectError} it lies elsewhere, holds something else than the structures, or cannot be read
 */
export async function writeCopy(copy: CopyToWrite): Promise<Buffer> {
  const { id, volume, structures, sources } = copy;
  const { grid } = volume;
  const { dataset: image } = readPart10(copy.image, { untilPixelData: true });
  const labels = await labelsOf(copy);
  const isMultiFrame = image.has('PerFrameFunctionalGroupsSequence');
  const bytes = writeSegmentation({
    exam: examOf(image),
    made: {
      ...uidsOf(id),
      seriesNumber: SERIES_NUMBER,
      seriesDescription: descriptionOf(id),
      at: copy.at,
      softwareVersions: [],
    },
    algorithm: ALGORITHM,
    grid,
    slices: volume.slices.map(({ SOPClassUID, SOPInstanceUID, frame }) => ({
      SOPClassUID,
      SOPInstanceUID,
      frame: isMultiFrame ? frame : undefined,
    })),
    sources,
    segments: structures.map(({ title, category, type, colour, label, name }) => ({
      label: title,
      category,
      type,
      colour,
      voxels: labels,
      value: label,
      trackingUid: deriveUid('overread', 'blinded copy', id, 'structure', name),
    })),
  });
  await compare(readSegmentation(bytes), labels, copy);
  return bytes;
}

/** The segmentation as a label map on the grid of the images, with the labels of the structures. */
async function labelsOf({ segmentation, volume, structures }: CopyToWrite): Promise<Uint8Array> {
  const read = readSegmentation(segmentation);
  const { grid } = volume;
  const labels = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  for (const { number, label } of read.segments) {
    const structure = structures.find((candidate) => nameInFile([label], candidate) !== undefined);
    if (structure === undefined) {
      throw new UnfitObjectError('kind', `It must hold what the pipeline finds; it holds a segment named ${label}.`);
    }
    const { voxels } = await maskOf(read, number, volume);
    for (let at = 0; at < voxels.length; at++) {
      if (voxels[at] === 0) continue;
      if (labels[at] !== 0) throw new UnfitObjectError('kind', 'Its segments must not overlap; two of them do.');
      labels[at] = structure.label;
    }
  }
  return labels;
}

/** @throws {UnfitObjectError} the copy says something else than its source */
async function compare(read: ReadSegmentation, labels: Uint8Array, { volume, structures }: CopyToWrite): Promise<void> {
  for (const [index, { label }] of structures.entries()) {
    const { voxels } = await maskOf(read, index + 1, volume);
    for (let at = 0; at < voxels.length; at++) {
      if ((voxels[at] === 1) === (labels[at] === label)) continue;
      throw new UnfitObjectError('pixels', 'The copy was read back, and its voxels are not those of its source.');
    }
  }
}
