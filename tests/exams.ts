import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sendFiles } from '../lib/dicom/send.ts';
import { demoStudies } from '../phantoms/demo.ts';
import type { Site } from './site.ts';

/** A phantom exam of a pelvis, on disk. */
export interface Exam {
  readonly studyInstanceUid: string;
  readonly files: readonly string[];
  /** Sends it to the hip pipeline; resolves when every image was answered with success. */
  send(site: Site, calledAETitle?: string): Promise<void>;
}

/** Exams that a test file uses up one after the other. */
export interface Exams {
  readonly ready: Promise<void>;
  next(): Exam;
  remove(): void;
}

/** Makes at least `count` exams, each another study. */
export function makeExams({ count, seed }: { count: number; seed: number }): Exams {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-exams-'));
  const exams: Exam[] = [];
  const make = async () => {
    for (let round = 0; exams.length < count + 1; round += 1) {
      const studies = await demoStudies(path.join(folder, String(round)), { seed: seed + round });
      exams.push(...studies.map(({ studyInstanceUid, files }) => ({ studyInstanceUid, files, send: sender(files) })));
    }
  };
  return {
    ready: make(),
    next: () => {
      const exam = exams.pop();
      if (exam === undefined) throw new Error('No exam is left: make more.');
      return exam;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const sender =
  (files: readonly string[]) =>
  async (site: Site, calledAETitle = 'CI2_CD_HIP_FRAC'): Promise<void> => {
    const target = { host: '127.0.0.1', port: site.dicomPort, calledAETitle, callingAETitle: 'TEST' };
    const { failed } = await sendFiles(target, files);
    if (failed.length > 0) throw new Error(`Not taken: ${JSON.stringify(failed)}`);
  };
