import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIdentity } from './identity.ts';
import { endLeftovers, hasLiveOwner, ProcessLedger } from './ledger.ts';

let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'overread-ledger-')), 'one');
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

describe('processIdentity', () => {
  it('is the same for one process at any time, and none for one that does not run', () => {
    expect(processIdentity(process.pid)).toMatch(/./);
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
    expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid));
    expect(processIdentity(2 ** 30)).toBeUndefined();
  });
});

describe('ProcessLedger', () => {
  it('tells that its owner runs', () => {
    new ProcessLedger(folder);
    expect(hasLiveOwner(folder)).toBe(true);
    const identity = 'started at another time';
    writeFileSync(path.join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, identity }));
    expect(hasLiveOwner(folder)).toBe(false);
  });

  it('holds what was added until it is deleted', () => {
    const ledger = new ProcessLedger(folder);
    ledger.add(process.pid);
    expect(readdirSync(folder)).toContain(`${process.pid}.json`);
    ledger.delete(process.pid);
    expect(readdirSync(folder)).toEqual(['owner.json']);
    ledger.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('spares a process that got the number of one that is gone, and reads past half-written files', async () => {
    new ProcessLedger(folder);
    // Were it taken for the one recorded, this test would end here.
    const record = { pid: process.pid, identity: 'started at another time' };
    writeFileSync(path.join(folder, `${process.pid}.json`), JSON.stringify(record));
    writeFileSync(path.join(folder, '77.json'), '{"pid":');
    await endLeftovers(folder, 0);
    expect(existsSync(folder)).toBe(false);
    await endLeftovers(folder, 0);
  });
});
