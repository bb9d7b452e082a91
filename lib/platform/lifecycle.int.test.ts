import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

function start(environment: NodeJS.ProcessEnv) {
  const entry = path.join(import.meta.dirname, 'lifecycle.fixture.ts');
  return spawnSync(process.execPath, [entry], { env: { PATH: process.env.PATH, ...environment }, encoding: 'utf8' });
}

describe('startService', () => {
  it('ends with status 2 and one line that names a wrong setting', () => {
    expect(start({ OVERREAD_DICOM_PORT: 'none' })).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^environment: OVERREAD_DICOM_PORT: .+\n$/),
    });
  });

  it('ends with status 1 and a line of the log where the service cannot be made', () => {
    const { status, stdout } = start({});
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      part: 'part',
      err: { message: 'A file is wrong.' },
      msg: 'cannot start',
    });
  });
});
