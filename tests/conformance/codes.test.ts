/** Every code that stands in this repository means what PS3.16 says, as pydicom lists it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { OURS } from '../../lib/dicom/sr/concepts.ts';
import type { Code } from '../../schemas/volume.ts';
import { dicomReaders } from '../peers/dicom-readers.ts';
import { describeWith } from '../peers/skip.ts';
import { writtenCodes } from './codes/written.ts';

const run = promisify(execFile);
const SCRIPT = path.join(import.meta.dirname, 'codes/known.py');
const LIMIT_MS = 120_000;

/** What the lists do not have, or have under another word; and who says so. */
const ELSEWHERE: readonly (Code & { readonly source: string })[] = [
  { value: '15810', scheme: 'FMA', meaning: 'Left part of liver', source: 'Foundational Model of Anatomy' },
  { value: '15809', scheme: 'FMA', meaning: 'Right part of liver', source: 'Foundational Model of Anatomy' },
  { value: '125605004', scheme: 'SCT', meaning: 'Fracture of bone', source: 'SNOMED CT' },
  { value: '113091000', scheme: 'SCT', meaning: 'Magnetic Resonance Imaging', source: 'SNOMED CT' },
  { value: '276214006', scheme: 'SCT', meaning: 'Finding category', source: 'PS3.16 TID 1411' },
  { value: '12921003', scheme: 'SCT', meaning: 'Pelvis', source: 'PS3.16 CID 4031, editions before 2022' },
  { value: '51185008', scheme: 'SCT', meaning: 'Chest', source: 'PS3.16 CID 4031, editions before 2022' },
  { value: '399067008', scheme: 'SCT', meaning: 'Lateral projection', source: 'SNOMED CT' },
  { value: 'mL', scheme: 'UCUM', meaning: 'mL', source: 'UCUM' },
  { value: 'en', scheme: 'RFC5646', meaning: 'English', source: 'RFC 5646' },
];

const python = await dicomReaders();

describeWith('codes', python, 'no Python, or its packages cannot be had', (interpreter) => {
  /** The codes whose meaning is another one, each with what it means. */
  async function wrongOf(codes: readonly Code[]): Promise<string[]> {
    const child = run(interpreter, [SCRIPT], { maxBuffer: 1 << 24 });
    child.child.stdin?.end(JSON.stringify(codes.map(({ scheme, value }) => [scheme, value])));
    const known = z.array(z.array(z.string())).parse(JSON.parse((await child).stdout));
    return codes.flatMap((code, index) => {
      const meanings = [...(known[index] ?? []), ...elsewhere(code)];
      const isRight = meanings.some((meaning) => plain(meaning) === plain(code.meaning));
      const place = 'file' in code ? `${code.file}: ` : '';
      return isRight
        ? []
        : [`${place}${code.scheme} ${code.value} is not ${code.meaning} but ${meanings.join(' or ')}`];
    });
  }

  it(
    'mean what the standard says',
    async () => {
      const codes = writtenCodes().filter(({ scheme }) => scheme !== OURS);
      // Of each form that codes are written in.
      for (const value of ['123110', '126000', '52988006', '15810', '389080008', '12921003'])
        expect(codes.map((code) => code.value)).toContain(value);
      expect(await wrongOf(codes)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'are told apart where two are swapped, or one is made up',
    async () => {
      const swapped = [
        { value: '123109', scheme: 'DCM', meaning: 'Artificial Intelligence' },
        { value: '123110', scheme: 'DCM', meaning: 'Manual Processing' },
        { value: '389082000', scheme: 'SCT', meaning: 'White matter' },
        { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
      ];
      const wrong = await wrongOf(swapped);
      expect(wrong).toHaveLength(3);
      expect(wrong[0]).toBe('DCM 123109 is not Artificial Intelligence but Manual Processing');
    },
    LIMIT_MS,
  );
});

function elsewhere({ scheme, value }: Code): string[] {
  return ELSEWHERE.filter((one) => one.scheme === scheme && one.value === value).map(({ meaning }) => meaning);
}

/** Letter case, hyphens, spelling and SNOMED CT's kind in brackets make no other meaning. */
function plain(meaning: string): string {
  return meaning
    .toLowerCase()
    .replace(/ \([a-z ]+\)$/, '')
    .replaceAll('grey', 'gray')
    .replaceAll(/[^a-z0-9]/g, '');
}
