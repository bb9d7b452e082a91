import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { radiographToDicom } from './dicom.ts';
import { hipRadiograph } from './hip.ts';
import { otherKinds, otherRadiograph } from './other.ts';

/** David Clunie's validator, in Debian's dicom3tools. */
const dciodvfy = '/usr/bin/dciodvfy';

describe.skipIf(!existsSync(dciodvfy))('what dciodvfy says of phantoms', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'phantoms-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  // DX demands an orientation, so one without a side is not as the standard wants it.
  const cases = [
    { sopClass: 'CR', sides: 'stated' },
    { sopClass: 'CR', sides: 'absent' },
    { sopClass: 'CR', sides: 'contradictory' },
    { sopClass: 'DX', sides: 'stated' },
    { sopClass: 'DX', sides: 'contradictory' },
  ] as const;
  it.each(cases)('a hip as $sopClass, sides $sides, has no error', async (options) => {
    const radiograph = hipRadiograph('dciodvfy', { framing: 'left', longSide: 200 });
    const identity = { seed: 'dciodvfy', patient: 1, image: 1, name: 'Hip', studyDescription: 'PELVIS' };
    expect(await complaints(radiographToDicom(radiograph, identity, options))).toEqual([]);
  });

  it.each(otherKinds)('a %s has no error', async (kind) => {
    const identity = { seed: kind, patient: 2, image: 1, name: 'Other', studyDescription: 'OTHER' };
    for (const sopClass of ['CR', 'DX'] as const) {
      const radiograph = otherRadiograph('dciodvfy', { kind, longSide: 120 });
      expect(await complaints(radiographToDicom(radiograph, identity, { sopClass })), sopClass).toEqual([]);
    }
  });

  /** Its lines that begin with Error. */
  async function complaints(bytes: Buffer): Promise<string[]> {
    const file = path.join(folder, 'phantom.dcm');
    await writeFile(file, bytes);
    const told = await promisify(execFile)(dciodvfy, [file]).catch((failed: { stderr: string }) => failed);
    return told.stderr.split('\n').filter((line) => line.startsWith('Error'));
  }
});
