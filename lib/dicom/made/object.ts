import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Code } from '../../../schemas/volume.ts';
import type { Elements } from '../write.ts';
import type { Exam } from './exam.ts';
import { investigational } from './tags.ts';

/** What is new about an object that we make: everything else is repeated from the exam or decided by its writer. */
export interface MadeObject {
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly seriesNumber: number;
  /** `INVESTIGATIONAL ` is put in front. */
  readonly seriesDescription: string;
  /** ISO 8601 in UTC; not the clock's, so that two workers write the same bytes. */
  readonly at: string;
  /** Versions of what made it, after Overread's own: `hip-fracture-detection 1.0.0`. */
  readonly softwareVersions: readonly string[];
}

/** An algorithm as objects name it. */
export interface Algorithm {
  /** `SEMIAUTOMATIC` where a person worked with a tool. */
  readonly type: 'AUTOMATIC' | 'SEMIAUTOMATIC';
  readonly name: string;
  readonly version: string;
  /** What it was run with, for whoever must know exactly: `sha256 …`. */
  readonly parameters: string;
}

/** One instance that an object refers to. */
export interface Reference {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  /** From 1; of a multi-frame image. */
  readonly frame?: number | undefined;
}

const PACKAGE = new URL('../../../package.json', import.meta.url);
const { version: OVERREAD_VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(PACKAGE, 'utf8')));

/** Patient, study, series, equipment and instance: what all our objects have (PS3.3 C.7.1 to C.7.5, C.12.1). */
export function commonElements(exam: Exam, made: MadeObject, Modality: string): Elements {
  const { date, time } = dateTimeOf(made.at, exam.offsetMinutes);
  return {
    ...exam.patientAndStudy,
    SOPInstanceUID: made.SOPInstanceUID,
    SeriesInstanceUID: made.SeriesInstanceUID,
    SeriesNumber: made.seriesNumber,
    SeriesDescription: investigational(made.seriesDescription),
    SeriesDate: date,
    SeriesTime: time,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    InstanceNumber: 1,
    Modality,
    Manufacturer: 'Overread',
    ManufacturerModelName: 'Overread',
    DeviceSerialNumber: '1',
    SoftwareVersions: [OVERREAD_VERSION, ...made.softwareVersions].map((text) => text.slice(0, 64)),
  };
}

/**
 * A moment as DICOM writes it: in the exam's own time zone where the exam names one (TimezoneOffsetFromUTC, which is
 * repeated), else in UTC, since nothing says which zone the exam's times are in.
 */
export function dateTimeOf(at: string, offsetMinutes: number | undefined): { date: string; time: string } {
  const local = new Date(Date.parse(at) + (offsetMinutes ?? 0) * 60_000).toISOString();
  return { date: local.slice(0, 10).replaceAll('-', ''), time: local.slice(11, 19).replaceAll(':', '') };
}

/** A code as the item of a sequence; one of more than 16 characters is a LongCodeValue (PS3.3 8.8). */
export function codeItem({ value, scheme, meaning }: Code): Elements {
  return {
    [value.length > 16 ? 'LongCodeValue' : 'CodeValue']: value,
    CodingSchemeDesignator: scheme,
    CodeMeaning: meaning,
  };
}

/** The item of a sequence that names an instance, and its frame where it has several. */
export function referenceItem({ SOPClassUID, SOPInstanceUID, frame }: Reference): Elements {
  return {
    ReferencedSOPClassUID: SOPClassUID,
    ReferencedSOPInstanceUID: SOPInstanceUID,
    ...(frame === undefined ? {} : { ReferencedFrameNumber: frame }),
  };
}

/** Each instance once, without frames. */
export function instancesOf(references: readonly Reference[]): Reference[] {
  const once = new Map(references.map(({ SOPClassUID, SOPInstanceUID }) => [SOPInstanceUID, SOPClassUID]));
  return [...once].map(([SOPInstanceUID, SOPClassUID]) => ({ SOPClassUID, SOPInstanceUID }));
}

/** One line in ASCII, for attributes that take nothing else. */
export function short(text: string, length: number): string {
  return text.replaceAll('\\', '/').slice(0, length).trim();
}
