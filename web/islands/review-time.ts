/** Counts how long somebody is at a form, and puts it in when it is sent: see `web/feedback/review-time.ts`. */
import { ActiveTime } from './active-time.ts';
import { forgetTime, keepTime, keptTime, viewedTime } from './kept-time.ts';

const ACTS = ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const;

const storage = () => localStorage;

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-draft]')) count(form);

function count(form: HTMLFormElement): void {
  const field = (name: string) => form.querySelector<HTMLInputElement>(`[data-review-${name}]`);
  const [opened, first, active] = [field('opened'), field('first'), field('active')];
  if (opened === null || first === null || active === null) return;
  const begun = performance.now();
  const time = new ActiveTime(begun);
  // Of a form that is filled in beside the viewer, the time on its earlier pages and in the viewer counts too.
  const key = 'reviewKept' in form.dataset ? form.dataset.draftKey : undefined;
  const earlier = key === undefined ? undefined : keptTime(storage, key, Date.now());
  const before = earlier === undefined ? 0 : Date.now() - earlier.since;
  if (earlier?.first != null) first.value = String(Math.round(earlier.first));
  for (const act of ACTS) document.addEventListener(act, () => time.act(performance.now()), { passive: true });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') time.pause(performance.now());
    else time.act(performance.now());
  });
  form.addEventListener('input', () => {
    if (first.value === '') first.value = String(Math.round(before + performance.now() - begun));
  });
  const keep = () => {
    if (key === undefined || earlier === undefined) return;
    const [since, at] = [earlier.since, first.value === '' ? null : Number(first.value)];
    keepTime(storage, key, { since, first: at, active: earlier.active + time.milliseconds });
  };
  addEventListener('pagehide', keep);
  form.addEventListener('submit', () => {
    time.act(performance.now());
    const whole = Math.max(1, Math.ceil(before + performance.now() - begun));
    const viewed = key === undefined ? 0 : viewedTime(storage, key);
    active.value = String(Math.min(whole, Math.floor((earlier?.active ?? 0) + time.milliseconds + viewed)));
    opened.value = String(whole);
  });
}

const sent = document.querySelector<HTMLElement>('[data-draft-sent]')?.dataset.draftSent;
if (sent !== undefined) forgetTime(storage, sent);
