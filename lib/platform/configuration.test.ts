import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfiguration } from './configuration.ts';

function siteFile(text: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'overread-configuration-')), 'overread.yaml');
  writeFileSync(file, text);
  return file;
}

const S3 = { S3_ENDPOINT: 'https://s3.example', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' };

describe('readConfiguration', () => {
  it('has the documented defaults when nothing is set', () => {
    const configuration = readConfiguration({});
    expect(configuration.dicom).toEqual({ host: '127.0.0.1', port: 11112, aeTitle: 'OVERREAD' });
    expect(configuration.store.driver).toBe('fs');
    expect(configuration.site.routes.map((route) => route.pipeline)).toEqual([
      'brain-tumor-segmentation',
      'liver-transplant-segmentation',
      'hip-fracture-detection',
    ]);
  });

  it('takes an empty variable as absent', () => {
    expect(readConfiguration({ OVERREAD_WEB_PORT: '' }).web.port).toBe(8000);
  });

  it('names what looks like a setting and is none', () => {
    const { ignored } = readConfiguration({ OVERREAD_QUIET_SECOND: '5', OVERREAD_WEB_PORT: '8001', PATH: '/bin' });
    expect(ignored).toEqual(['OVERREAD_QUIET_SECOND']);
  });

  it('takes OpenFaaS elsewhere with its password', () => {
    const { faas } = readConfiguration({ ...S3, OPENFAAS_URL: 'https://faas.example', OPENFAAS_PASSWORD: 'theirs' });
    expect(faas).toMatchObject({ url: 'https://faas.example', user: 'admin', password: 'theirs' });
  });

  it.each([
    ['a port that is no number', { OVERREAD_DICOM_PORT: 'eleven' }, /OVERREAD_DICOM_PORT: a port from 1 to 65535/],
    ['a port beyond the last', { OVERREAD_WEB_PORT: '65536' }, /OVERREAD_WEB_PORT: a port from 1 to 65535/],
    ['a negative quiet period', { OVERREAD_QUIET_SECONDS: '-1' }, /OVERREAD_QUIET_SECONDS: a number of seconds/],
    ['an AE title of more than 16 characters', { OVERREAD_AE_TITLE: 'A'.repeat(17) }, /OVERREAD_AE_TITLE.*AE title/],
    ['an S3 store without a secret', { S3_ENDPOINT: 'http://127.0.0.1:9000' }, /S3_ACCESS_KEY or S3_SECRET_KEY/],
    ['OpenFaaS elsewhere with a store only here', { OPENFAAS_URL: 'http://127.0.0.1:9' }, /needs an S3 store/],
    [
      'OpenFaaS elsewhere without its password',
      { ...S3, OPENFAAS_URL: 'https://faas.example', OPENFAAS_PASSWORD: '' },
      /^OPENFAAS_URL is set, but OPENFAAS_PASSWORD is not: /,
    ],
    ['a database that is no PostgreSQL', { DATABASE_URL: 'mysql://db' }, /DATABASE_URL: an address such as postgres:/],
    ['a site file that is not there', { OVERREAD_CONFIG: '/nowhere.yaml' }, /nowhere\.yaml cannot be read/],
    ['a setting that does not exist', { OVERREAD_CONFIG: siteFile('ruotes: []') }, /ruotes/],
  ])('refuses %s in one line', (_, environment, message) => {
    const read = () => readConfiguration(environment);
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
  });
});
