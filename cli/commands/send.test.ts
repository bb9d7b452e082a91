import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesToSend } from './send.ts';

const DICOM = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);

describe('overread send', () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-send-'));
    mkdirSync(at('images'));
    for (const name of ['images/2.dcm', 'images/1', 'DICOMDIR']) writeFileSync(at(name), DICOM);
    for (const name of ['README.TXT', 'images/lost.dcm']) writeFileSync(at(name), '');
    writeFileSync(at('truth.json'), '{'.repeat(200));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('leaves aside what else lies on a CD, and not what is named as an image', () => {
    expect(filesToSend(folder)).toEqual({
      files: [at('images/1'), at('images/2.dcm'), at('images/lost.dcm')],
      leftAside: [at('DICOMDIR'), at('README.TXT'), at('truth.json')],
    });
  });

  it('sends what is named itself, whatever it is', () => {
    expect(filesToSend(at('README.TXT')).files).toEqual([at('README.TXT')]);
  });

  it('says what is not there', () => {
    expect(() => filesToSend(at('nowhere'))).toThrow(/no file or folder/);
  });
});
