import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PartLogs } from './part-logs.ts';

describe('the logs of parts', () => {
  let folder: string;
  let file: string;
  let warned: string[];
  let logs: PartLogs;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-logs-'));
    file = path.join(folder, 'gateway.log');
    warned = [];
    logs = new PartLogs(folder, (line) => warned.push(line));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.skipIf(process.platform !== 'linux')('outlive a full disk, and go on when there is room again', async () => {
    symlinkSync('/dev/full', file);
    logs.write('gateway', 'lost');
    await vi.waitFor(() => expect(warned).toEqual(['The log of gateway cannot be written (ENOSPC).']));
    rmSync(file);
    logs.write('gateway', 'kept');
    await logs.close();
    expect(readFileSync(file, 'utf8')).toBe('kept\n');
  });
});
