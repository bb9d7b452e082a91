import { describe, expect, it } from 'vitest';
import { reviewTimeIn } from './review-time.ts';

const SENT = new Date('2026-01-01T12:00:00.000Z');

describe('reviewTimeIn', () => {
  it('tells opening, first answer, active and idle time', () => {
    const fields = { opened: '90000', 'first-action': '12500', active: '60000' };
    expect(reviewTimeIn(fields, SENT)).toEqual({
      openedAt: '2026-01-01T11:58:30.000Z',
      firstActionAt: '2026-01-01T11:58:42.500Z',
      activeSeconds: 60,
      idleSeconds: 30,
    });
  });

  it('knows of a form that was sent as it was', () => {
    expect(reviewTimeIn({ opened: '5000', 'first-action': '', active: '5000' }, SENT)).toMatchObject({
      firstActionAt: null,
    });
  });

  it.each([
    ['no script', {}],
    ['more active than there was time', { opened: '5000', 'first-action': '', active: '6000' }],
    ['an answer before the form was opened', { opened: '5000', 'first-action': '6000', active: '1000' }],
    ['what is no number', { opened: 'now', 'first-action': '', active: '' }],
  ])('is not counted with %s', (_, fields: Record<string, string>) => {
    expect(reviewTimeIn(fields, SENT)).toBeNull();
  });
});
