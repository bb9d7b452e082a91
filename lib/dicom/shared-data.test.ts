import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPart10 } from './dataset.ts';
import { compareInstances } from './identity.ts';

/** Real files that the project does not hold; the tests say that they were skipped where there are none. */
const FILES = path.resolve(import.meta.dirname, '../../../shared/data/12-pydicom-test-files');

const read = (name: string): Buffer => readFileSync(path.join(FILES, name));

describe.skipIf(!existsSync(FILES))('shared/data', () => {
  it.each([
    ['chrArab', 'قباني^لنزار'],
    ['chrFrenMulti', 'Buc^Jérôme'],
    ['chrGerm', 'Äneas^Rüdiger'],
    ['chrGreek', 'Διονυσιος'],
    ['chrH31', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['chrH32', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
    ['chrHbrw', 'שרון^דבורה'],
    ['chrI2', 'Hong^Gildong=洪^吉洞=홍^길동'],
    ['chrJapMulti', 'やまだ^たろう'],
    ['chrKoreanMulti', '김희중'],
    ['chrRuss', 'Люкceмбypг'],
    ['chrX1', 'Wang^XiaoDong=王^小東='],
    ['chrX2', 'Wang^XiaoDong=王^小东='],
  ])('reads the name in %s', (file, name) => {
    expect(readPart10(read(`charset_files/${file}.dcm`)).dataset.text('PatientName')).toBe(name);
  });

  it('reads what is broken as far as it goes', () => {
    const truncated = readPart10(read('MR_truncated.dcm'));
    expect([truncated.complete, truncated.dataset.number('Rows')]).toEqual([false, 64]);
    const noDelimiters = readPart10(read('rtplan_truncated.dcm'));
    expect([noDelimiters.complete, noDelimiters.dataset.text('Modality')]).toEqual([false, 'RTPLAN']);
  });

  it('recognises one image in eight encodings', async () => {
    const original = read('MR_small.dcm');
    for (const how of ['bigendian', 'expb', 'implicit', 'jp2klossless', 'jpeg_ls_lossless', 'RLE', 'padded']) {
      expect(await compareInstances(original, read(`MR_small_${how}.dcm`)), how).toBe('re-encoded');
    }
  });
});
