import { describe, expect, it } from 'vitest';
import { type Answers, beginning, copyIn } from './draft-copy.ts';

const SAVED_AT = '2026-03-01T10:00:00.000Z';
const EARLIER = '2026-03-01T09:59:59.000Z';
const FRACTURE: Answers = [['answer:read:right', 'fracture']];
const HARDWARE: Answers = [['answer:read:right', 'hardware']];
const HARDWARE_AND_EMPTY: Answers = [['answer:remarks', ''], ...HARDWARE];

describe('a form begins', () => {
  it.each([
    ['as the page has it where this browser kept nothing', undefined, SAVED_AT, 'page'],
    ['as the page has it where both say the same', { over: '', answers: HARDWARE_AND_EMPTY }, SAVED_AT, 'page'],
    ['with the copy that goes on from its draft', { over: SAVED_AT, answers: FRACTURE }, SAVED_AT, 'copy'],
    ['with the copy where the server has no draft', { over: '', answers: FRACTURE }, '', 'copy'],
    ['with a draft saved since, the copy aside', { over: EARLIER, answers: FRACTURE }, SAVED_AT, 'copy-aside'],
    ['with the first draft, saved elsewhere', { over: '', answers: FRACTURE }, SAVED_AT, 'copy-aside'],
  ] as const)('%s', (_, copy, savedAt, begins) => {
    expect(beginning(copy, { savedAt, answers: HARDWARE })).toBe(begins);
  });
});

/** A browser's storage with what is given, which takes nothing more if `full`. */
function storage(text: string | null, full = false) {
  let held = text;
  return {
    getItem: () => held,
    setItem: (_key: string, value: string) => {
      if (full) throw new Error('QuotaExceededError');
      held = value;
    },
    removeItem: () => {
      held = null;
    },
  };
}

describe('the copy of this browser', () => {
  it('is read as it was kept', () => {
    const browser = storage(null);
    const copy = copyIn(() => browser, 'key');
    expect(copy.keep(FRACTURE, SAVED_AT)).toBe(true);
    expect(copy.read()).toEqual({ over: SAVED_AT, answers: FRACTURE });
    copy.remove();
    expect(copy.read()).toBeUndefined();
  });

  it.each([
    ['is no JSON', '{"over":'],
    ['is null', 'null'],
    ['says nothing of the draft', JSON.stringify({ answers: FRACTURE })],
    ['says nonsense of the draft', JSON.stringify({ over: 7, answers: FRACTURE })],
    ['has no answers', JSON.stringify({ over: SAVED_AT })],
    ['has answers that are none', JSON.stringify({ over: SAVED_AT, answers: [['answer:remarks', 7]] })],
  ])('counts as absent where what is there %s', (_, text) => {
    expect(copyIn(() => storage(text), 'key').read()).toBeUndefined();
  });

  it('says so where the storage is full', () => {
    expect(copyIn(() => storage(null, true), 'key').keep(FRACTURE, SAVED_AT)).toBe(false);
  });

  it('says so, and stops nothing, where the browser has its storage switched off', () => {
    const copy = copyIn(() => {
      throw new Error('SecurityError');
    }, 'key');
    expect(copy.read()).toBeUndefined();
    expect(copy.keep(FRACTURE, SAVED_AT)).toBe(false);
    expect(() => copy.remove()).not.toThrow();
  });
});
