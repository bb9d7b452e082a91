import { html } from 'hono/html';
import type { RunView } from '../../schemas/api.ts';
import type { Html } from './layout.ts';

type Status = RunView['status'];

/** Each status in the words of the pages. Absence speaks: the five never look or read alike. */
export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  queued: 'Waiting',
  running: 'Running',
  succeeded: 'Result ready',
  failed: 'Failed',
  'out-of-scope': 'Out of scope',
};

const SYMBOLS: Readonly<Record<Status, string>> = {
  queued: '○',
  running: '◐',
  succeeded: '●',
  failed: '✕',
  'out-of-scope': '⊘',
};

/** The status as a mark that colour alone does not carry. Steps that are all done make no result: one was published, or none. */
export function statusMark({ status, result, withheld }: Pick<RunView, 'status' | 'result' | 'withheld'>): Html {
  if (status === 'succeeded' && result === null && withheld !== true)
    return mark('unpublished', '◌', 'Ended without a result');
  return mark(status, SYMBOLS[status], STATUS_WORDS[status]);
}

/** Of a replay that it is one: it looks like the run that it repeats, and counts nowhere. */
export function replayMark({ replayOf }: Pick<RunView, 'replayOf'>): Html | string {
  return replayOf === null ? '' : html` <span class="tag">only a replay</span>`;
}

function mark(look: string, symbol: string, words: string): Html {
  return html`<span class="status is-${look}"><span aria-hidden="true">${symbol}</span> ${words}</span>`;
}

/** Milliseconds as a person reads them. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}
