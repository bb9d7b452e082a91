import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { type SendOptions, sendFiles } from '../lib/dicom/send.ts';
import { hipDemoExams } from '../phantoms/demo-hip.ts';
import type { Site } from './site.ts';

/** A phantom exam of a pelvis, on disk. */
export interface Exam {
  readonly studyInstanceUid: string;
  readonly files: readonly string[];
  /** SOPInstanceUID of each file. */
  readonly sopInstanceUids: readonly string[];
  /** Sends it to the hip pipeline; resolves when every image was answered with success. */
  send(site: Site, calledAETitle?: string): Promise<void>;
  /** As `send`, from a device that sends everything again until every image was answered with success. */
  sendUntilTaken(site: Site, onProgress: NonNullable<SendOptions['onProgress']>): Promise<void>;
}

/** Exams that a test file uses up one after the other. */
export interface Exams {
  readonly ready: Promise<void>;
  next(): Exam;
  remove(): void;
}

/** A device waits so long before it sends again, ms. */
const SEND_AGAIN_MS = 250;

/** Makes `count` exams: the same images of one patient, each time as another study, so that their results are equal. */
export function makeExams({ count, seed }: { count: number; seed: number }): Exams {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-exams-'));
  const exams: Exam[] = [];
  const make = async () => {
    const [study] = await hipDemoExams(path.join(folder, 'original'), { seed });
    if (study === undefined) throw new Error('There is no phantom exam.');
    for (let number = 0; number < count; number += 1) {
      exams.push(copyOf(study.files, path.join(folder, String(number)), number));
    }
  };
  return {
    ready: make(),
    next: () => {
      const exam = exams.shift();
      if (exam === undefined) throw new Error('No exam is left: make more.');
      return exam;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The same images as another study: the last four digits of every UID become the number of the copy. */
function copyOf(originals: readonly string[], folder: string, number: number): Exam {
  mkdirSync(folder);
  const renumbered = (uid: string) => `${uid.slice(0, -4)}${String(number).padStart(4, '0')}`;
  let studyInstanceUid = '';
  const images = originals.map((original) => {
    const bytes = readFileSync(original);
    const { dataset } = readPart10(bytes, { untilPixelData: true });
    const [study = '', series = '', instance = ''] = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map(
      (keyword) => dataset.text(keyword),
    );
    studyInstanceUid = renumbered(study);
    const text = [study, series, instance].reduce(
      (changed, uid) => changed.replaceAll(uid, renumbered(uid)),
      bytes.toString('latin1'),
    );
    const file = path.join(folder, path.basename(original));
    writeFileSync(file, text, 'latin1');
    return { file, sopInstanceUid: renumbered(instance) };
  });
  const files = images.map(({ file }) => file);
  return {
    studyInstanceUid,
    files,
    sopInstanceUids: images.map(({ sopInstanceUid }) => sopInstanceUid),
    send: async (site, calledAETitle) => {
      const { failed } = await sendFiles(target(site, calledAETitle), files);
      if (failed.length > 0) throw new Error(`Not taken: ${JSON.stringify(failed)}`);
    },
    sendUntilTaken: async (site, onProgress) => {
      while ((await sendFiles(target(site), files, { onProgress })).failed.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, SEND_AGAIN_MS));
      }
    },
  };
}

const target = (site: Site, calledAETitle = 'CI2_CD_HIP_FRAC') => ({
  host: '127.0.0.1',
  port: site.dicomPort,
  calledAETitle,
  callingAETitle: 'TEST',
});
