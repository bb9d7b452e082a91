import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readConfiguration } from '../../lib/platform/configuration.ts';
import { writeStatusFile } from './data-folder.ts';

it('a status file that cannot be written is told, and is no end of the supervisor', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-status-'));
  const configuration = readConfiguration({ OVERREAD_DATA: path.join(folder, 'data') });
  const status = { pid: 1, startedAt: '2026-01-01T00:00:00.000Z', web: 'http://127.0.0.1:8000', parts: [] };
  expect(writeStatusFile(configuration, status)).toBe('ENOENT');
  mkdirSync(configuration.data);
  expect(writeStatusFile(configuration, status)).toBeUndefined();
  expect(JSON.parse(readFileSync(path.join(configuration.data, 'status.json'), 'utf8'))).toEqual(status);
  rmSync(folder, { recursive: true });
});
