import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepSecret, writeSecret } from './secrets.ts';

let data: string;
let folder: string;
beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'overread-secrets-'));
  folder = path.join(data, 'secrets');
});
afterEach(() => rmSync(data, { recursive: true }));

describe('keepSecret', () => {
  it('keeps the first value, whatever is offered later', () => {
    expect(keepSecret(folder, 'token', 'first')).toBe('first');
    expect(keepSecret(folder, 'token', 'second')).toBe('first');
    expect(readdirSync(folder), 'nothing else is left').toEqual(['token']);
  });

  it('lets nobody but the owner read it', () => {
    keepSecret(folder, 'token', 'x');
    expect(statSync(path.join(folder, 'token')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});

describe('writeSecret', () => {
  it('replaces what was there', () => {
    writeSecret(folder, 'url', 'old');
    writeSecret(folder, 'url', 'new');
    expect(readFileSync(path.join(folder, 'url'), 'utf8')).toBe('new');
    expect(readdirSync(folder), 'nothing else is left').toEqual(['url']);
  });
});
