import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../lib/platform/configuration.ts';
import { freePort } from '../../tests/ports.ts';
import { startOverread } from './up.ts';

describe('a start of everything', () => {
  let folder: string;
  let said: string[];
  beforeEach(() => {
    said = [];
    folder = mkdtempSync(path.join(tmpdir(), 'overread-up-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function start(environment: Readonly<Record<string, string>>) {
    const ports = ['DICOM', 'WEB', 'CONNECTOR', 'FAAS'].map((name) => `OVERREAD_${name}_PORT`);
    const free = await Promise.all(ports.map(async (name) => [name, String(await freePort())]));
    const configuration = readConfiguration({ OVERREAD_DATA: folder, ...Object.fromEntries(free), ...environment });
    return startOverread(configuration, (line) => said.push(line), new AbortController().signal);
  }

  it('says which PostgreSQL does not answer, and not its password', async () => {
    const started = start({ DATABASE_URL: `postgres://overread:secret@127.0.0.1:${await freePort()}/overread` });
    await expect(started).rejects.toThrow(/^The PostgreSQL of DATABASE_URL \(127\.0\.0\.1:\d+\) cannot be used: /);
    await expect(started).rejects.not.toThrow(/secret/);
  });

  it('tells of a setting that is misspelled', async () => {
    await expect(start({ OVERREAD_PIPELINE: folder, DATABASE_URL: 'postgres://127.0.0.1:1/none' })).rejects.toThrow();
    expect(said).toContain('OVERREAD_PIPELINE is no setting and is ignored: docs/administrator.md names all.');
  });

  it.each(['OVERREAD_PIPELINES', 'OVERREAD_MODELS'])('refuses a folder of %s that is not there', async (variable) => {
    const missing = path.join(folder, 'missing');
    await expect(start({ [variable]: missing })).rejects.toThrow(`${variable}: there is no folder ${missing}.`);
  });
});
