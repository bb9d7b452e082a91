import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../lib/platform/configuration.ts';
import { openFaasCredentials } from './credentials.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'overread-credentials-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const credentials = (environment: Record<string, string> = {}) =>
  openFaasCredentials(readConfiguration({ OVERREAD_DATA: data, ...environment }));

describe('openFaasCredentials', () => {
  it('makes a password once and keeps it where only we can read it', () => {
    const first = credentials();
    expect(first.user).toBe('admin');
    expect(first.password).toMatch(/^[0-9a-f]{48}$/);
    expect(credentials()).toEqual(first);
    const file = path.join(data, 'secrets/basic-auth-password');
    expect(readFileSync(file, 'utf8')).toBe(first.password);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['basic-auth-password', 'basic-auth-user']);
  });

  it('takes the password of the environment, and writes none', () => {
    expect(credentials({ OVERREAD_FAAS_PASSWORD: 'given' })).toEqual({ user: 'admin', password: 'given' });
    expect(readdirSync(data)).toEqual([]);
  });

  it('takes those of an OpenFaaS elsewhere', () => {
    const elsewhere = {
      OPENFAAS_URL: 'https://faas.example',
      OPENFAAS_USER: 'overread',
      OPENFAAS_PASSWORD: 'theirs',
      S3_ENDPOINT: 'https://s3.example',
      S3_ACCESS_KEY: 'a',
      S3_SECRET_KEY: 'b',
    };
    expect(credentials(elsewhere)).toEqual({ user: 'overread', password: 'theirs' });
  });
});
