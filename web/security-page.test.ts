import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';

const page = readFileSync(path.join(HOME, 'docs/security.md'), 'utf8');
/** A test as the page names it: its file and its title. */
const named = [...page.matchAll(/`([\w./-]+\.test\.ts)` “([^”]+)”/g)].map(([, file = '', title = '']) => ({
  file,
  title,
}));

describe('docs/security.md', () => {
  it('names a test for each point that it says holds', () => {
    const holding = page.slice(0, page.indexOf('## What does not hold'));
    const rows = holding.split('\n').filter((line) => /^\| (?!point|-)/.test(line) && !line.startsWith('|---'));
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => !/`[\w./-]+\.test\.ts` “[^”]+” \|$/.test(row))).toEqual([]);
  });

  it('names tests that there are', () => {
    const missing = named.filter(({ file, title }) => {
      const whole = path.join(HOME, file);
      return !existsSync(whole) || !readFileSync(whole, 'utf8').includes(title);
    });
    expect(missing).toEqual([]);
  });
});
