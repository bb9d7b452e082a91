import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deriveUid } from '../lib/dicom/uid.ts';
import { type DicomOptions, radiographToDicom } from './dicom.ts';
import type { HipTruth, Radiograph } from './radiograph.ts';

/** A phantom patient's exam: its images in the order of acquisition. */
export interface PhantomStudy {
  seed: string;
  patient: number;
  name: string;
  studyDescription: string;
  images: readonly Radiograph[];
}

export interface WrittenStudy {
  studyInstanceUid: string;
  files: string[];
  truth: { file: string; hips: HipTruth[]; partialHips: HipTruth[] }[];
}

/** Writes the images of a study as `<folder>/1.dcm`, `2.dcm` … */
export async function writeStudy(
  folder: string,
  study: PhantomStudy,
  options: DicomOptions = {},
): Promise<WrittenStudy> {
  await mkdir(folder, { recursive: true });
  const truth = await Promise.all(
    study.images.map(async (radiograph, i) => {
      const file = path.join(folder, `${i + 1}.dcm`);
      await writeFile(file, radiographToDicom(radiograph, { ...study, image: i + 1 }, options));
      return { file, hips: radiograph.hips, partialHips: radiograph.partialHips };
    }),
  );
  return { studyInstanceUid: deriveUid('phantom', study.seed, 'study'), files: truth.map(({ file }) => file), truth };
}
