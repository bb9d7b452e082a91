import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../lib/platform/configuration.ts';
import { listen } from '../../lib/platform/listen.ts';
import { freePort } from '../../tests/ports.ts';
import { portRefusal, requireFreePorts } from './ports.ts';

describe('a start that cannot have its ports', () => {
  let other: Server | undefined;
  afterEach(() => other?.close());

  it('names the port that is taken, and the variable that moves it', async () => {
    other = createServer();
    const taken = await listen(other, '127.0.0.1', await freePort());
    const configuration = readConfiguration({ OVERREAD_DICOM_PORT: String(taken) });
    await expect(requireFreePorts(configuration)).rejects.toThrow(
      `Port ${taken} of 127.0.0.1 is taken: set OVERREAD_DICOM_PORT to another one.`,
    );
  });

  it('names the variable of a host that is no address of this machine', async () => {
    const configuration = readConfiguration({ OVERREAD_DICOM_HOST: '192.0.2.1', OVERREAD_DICOM_PORT: '23104' });
    await expect(requireFreePorts(configuration)).rejects.toThrow(
      '192.0.2.1 is no address of this machine: set OVERREAD_DICOM_HOST to one that is.',
    );
  });

  it('says of a port that is kept for root that it is', () => {
    const wanted = { port: 104, host: '0.0.0.0', portVariable: 'OVERREAD_DICOM_PORT' } as const;
    expect(portRefusal(wanted, Object.assign(new Error('listen EACCES'), { code: 'EACCES' }))).toBe(
      'Port 104 of 0.0.0.0 may not be opened by this account: set OVERREAD_DICOM_PORT to one of 1024 or above.',
    );
  });
});
