/**
 * How long somebody has been at a form, from page to page of this browser: who looks at a segmentation in the viewer leaves
 * the form's page and comes back. Taken out again when the form was sent.
 */

/** A part of `Storage` that is there, or throws where the browser keeps nothing. */
export type Keeping = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface KeptTime {
  /** When the form was opened first, ms since 1970 by this browser. */
  readonly since: number;
  /** From then to the first answer, ms; null: there was none. */
  readonly first: number | null;
  /** Active time on earlier pages of the form, ms. */
  readonly active: number;
}

const PREFIX = 'overread-review:';
const VIEWED = 'overread-viewed:';
const VIEWING = 'overread-viewing:';

/** What is kept of a form; opened now where nothing is. @param form its key, which begins with what it is about */
export function keptTime(storage: () => Keeping, form: string, now: number): KeptTime {
  const opened = { since: now, first: null, active: 0 };
  return attempt(() => {
    storage().setItem(VIEWING + aboutOf(form), form);
    const kept: unknown = JSON.parse(storage().getItem(PREFIX + form) ?? 'null');
    return isKept(kept) && kept.since <= now ? kept : opened;
  }, opened);
}

export function keepTime(storage: () => Keeping, form: string, time: KeptTime): void {
  attempt(() => storage().setItem(PREFIX + form, JSON.stringify(time)), undefined);
}

/** Active time in the viewer at what the form is about, ms; `web/viewer/viewed-time.ts` adds it up. */
export function viewedTime(storage: () => Keeping, form: string): number {
  const viewed = attempt(() => Number(storage().getItem(VIEWED + form) ?? 0), 0);
  return Number.isFinite(viewed) && viewed > 0 ? viewed : 0;
}

/** The form was sent: nothing of it needs to stay in this browser. */
export function forgetTime(storage: () => Keeping, form: string): void {
  for (const key of [PREFIX + form, VIEWED + form, VIEWING + aboutOf(form)]) {
    attempt(() => storage().removeItem(key), undefined);
  }
}

const aboutOf = (form: string) => form.split(':')[0] ?? '';

function isKept(value: unknown): value is KeptTime {
  if (typeof value !== 'object' || value === null) return false;
  const { since, first, active } = Object.assign({ since: undefined, first: undefined, active: undefined }, value);
  return typeof since === 'number' && (first === null || typeof first === 'number') && typeof active === 'number';
}

function attempt<Value>(work: () => Value, otherwise: Value): Value {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
