import { describe, expect, it } from 'vitest';
import { isContinued, pathOfKey, segmentOfNames } from './fs-names.ts';
import { checkKey, checkPrefix, compareKeys } from './keys.ts';

describe('checkKey', () => {
  it('takes the longest key and the longest part', () => {
    expect(() => checkKey(`${'x'.repeat(255)}/${'y'.repeat(255)}/${'z'.repeat(255)}/${'w'.repeat(255)}`)).not.toThrow();
  });

  it('counts bytes, not characters', () => {
    const refusal =
      'An object key must name one object of its bucket: a part between slashes is longer than 255 bytes.';
    expect(() => checkKey('ü'.repeat(128))).toThrow(new RangeError(refusal));
  });
});

describe('checkPrefix', () => {
  it.each(['', 'a', 'a/', 'a/b', 'a/b/'])('takes %j', (prefix) => {
    expect(() => checkPrefix(prefix)).not.toThrow();
  });

  it.each(['/', '/a', 'a//', '../', 'a/../b'])('refuses %j', (prefix) => {
    expect(() => checkPrefix(prefix)).toThrow(/^A prefix must begin a key: /);
  });
});

describe('compareKeys', () => {
  it('orders by UTF-8 bytes where JavaScript orders by UTF-16 units', () => {
    const keys = ['\u{10000}', '\uFFEE', 'a/b', 'a!b', 'a'];
    expect(keys.toSorted(compareKeys)).toEqual(['a', 'a!b', 'a/b', '\uFFEE', '\u{10000}']);
    expect('\u{10000}' < '\uFFEE').toBe(true);
  });
});

describe('names of files', () => {
  it.each([
    ['runs/0af3/steps/parse-dicom/1/index.json', 'runs/0af3/steps/parse-dicom/1/index.json'],
    ['A a', '%41%20a'],
    ['.hidden', '%2ehidden'],
    ['100%', '100%25'],
    ['ü', '%c3%bc'],
  ])('of %j are %j', (key, file) => {
    expect(pathOfKey(key)).toBe(file);
  });

  it('are at most 255 bytes, and lead back to the part of the key', () => {
    for (const segment of [
      'x'.repeat(200),
      'x'.repeat(201),
      'x'.repeat(255),
      'Q'.repeat(255),
      `${'x'.repeat(198)}%%%`,
      `${'x'.repeat(199)}ü`,
    ]) {
      const names = pathOfKey(segment).split('/');
      expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(201);
      expect(names.map(isContinued)).toEqual(names.map((_, index) => index < names.length - 1));
      expect(segmentOfNames(names)).toBe(segment);
    }
  });

  it.each(['Thumbs.db', '.git', '%zz', '%2', 'a%'])('do not include %j', (name) => {
    expect(segmentOfNames([name])).toBeUndefined();
  });
});
