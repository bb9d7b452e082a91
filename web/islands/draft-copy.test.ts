import { describe, expect, it } from 'vitest';
import { type Answers, beginning, copyIn } from './draft-copy.ts';

const SAVED_AT = '2026-03-01T10:00:00.000Z';
const BEFORE = '2026-03-01T09:59:59.000Z';
const AFTER = '2026-03-01T10:00:01.000Z';
const FRACTURE: Answers = [['answer:read:right', 'fracture']];
const HARDWARE: Answers = [['answer:read:right', 'hardware']];
const HARDWARE_AND_EMPTY: Answers = [['answer:remarks', ''], ...HARDWARE];

describe('a form begins', () => {
  it.each([
    ['as the page has it where this browser kept nothing', undefined, SAVED_AT, 'page'],
    ['as the page has it where both say the same', { at: AFTER, answers: HARDWARE_AND_EMPTY }, SAVED_AT, 'page'],
    ['with the copy that is newer', { at: AFTER, answers: FRACTURE }, SAVED_AT, 'copy'],
    ['with the copy where the server has no draft', { at: BEFORE, answers: FRACTURE }, '', 'copy'],
    ['with the newer draft of the server, the copy aside', { at: BEFORE, answers: FRACTURE }, SAVED_AT, 'copy-aside'],
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
    expect(copy.keep(FRACTURE, new Date(AFTER))).toBe(true);
    expect(copy.read()).toEqual({ at: AFTER, answers: FRACTURE });
    copy.remove();
    expect(copy.read()).toBeUndefined();
  });

  it.each([
    ['is no JSON', '{"at":'],
    ['is null', 'null'],
    ['has no moment', JSON.stringify({ answers: FRACTURE })],
    ['has a moment that is none', JSON.stringify({ at: 'yesterday', answers: FRACTURE })],
    ['has no answers', JSON.stringify({ at: AFTER })],
    ['has answers that are none', JSON.stringify({ at: AFTER, answers: [['answer:remarks', 7]] })],
  ])('counts as absent where what is there %s', (_, text) => {
    expect(copyIn(() => storage(text), 'key').read()).toBeUndefined();
  });

  it('says so where the storage is full', () => {
    expect(copyIn(() => storage(null, true), 'key').keep(FRACTURE, new Date(AFTER))).toBe(false);
  });

  it('says so, and stops nothing, where the browser has its storage switched off', () => {
    const copy = copyIn(() => {
      throw new Error('SecurityError');
    }, 'key');
    expect(copy.read()).toBeUndefined();
    expect(copy.keep(FRACTURE, new Date(AFTER))).toBe(false);
    expect(() => copy.remove()).not.toThrow();
  });
});
