import { describe, expect, it } from 'vitest';
import { forgetTime, keepTime, keptTime, viewedTime } from './kept-time.ts';

const FORM = 'copy:ann:blinded';

const browser = () => {
  const items = new Map<string, string>();
  return {
    items,
    storage: () => ({
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    }),
  };
};

describe('the time that is kept of a form', () => {
  it('begins when the form is opened, and goes on when it is opened again', () => {
    const { storage } = browser();
    expect(keptTime(storage, FORM, 1000)).toEqual({ since: 1000, first: null, active: 0 });
    keepTime(storage, FORM, { since: 1000, first: 50, active: 400 });
    expect(keptTime(storage, FORM, 9000)).toEqual({ since: 1000, first: 50, active: 400 });
    expect(keptTime(storage, 'copy:bob:blinded', 9000), 'somebody else’s').toMatchObject({ since: 9000 });
  });

  it('tells the viewer whose form it is', () => {
    const { storage, items } = browser();
    keptTime(storage, FORM, 1000);
    expect(items.get('overread-viewing:copy')).toBe(FORM);
    items.set(`overread-viewed:${FORM}`, '1500');
    expect(viewedTime(storage, FORM)).toBe(1500);
    items.set(`overread-viewed:${FORM}`, 'nonsense');
    expect(viewedTime(storage, FORM)).toBe(0);
  });

  it('is gone when the form was sent', () => {
    const { storage, items } = browser();
    keptTime(storage, FORM, 1000);
    keepTime(storage, FORM, { since: 1000, first: null, active: 1 });
    items.set(`overread-viewed:${FORM}`, '5');
    forgetTime(storage, FORM);
    expect(items.size).toBe(0);
  });

  it('begins anew where the browser keeps nothing, or nonsense', () => {
    const nothing = () => {
      throw new Error('no storage');
    };
    expect(keptTime(nothing, FORM, 7)).toEqual({ since: 7, first: null, active: 0 });
    keepTime(nothing, FORM, { since: 7, first: null, active: 0 });
    const { storage, items } = browser();
    items.set(`overread-review:${FORM}`, '{"since":"x"}');
    expect(keptTime(storage, FORM, 7)).toMatchObject({ since: 7 });
  });
});
