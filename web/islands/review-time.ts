/** Counts how long somebody is at a form, and puts it in when it is sent: see `web/feedback/review-time.ts`. */
import { ActiveTime } from './active-time.ts';

const ACTS = ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const;

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-draft]')) count(form);

function count(form: HTMLFormElement): void {
  const field = (name: string) => form.querySelector<HTMLInputElement>(`[data-review-${name}]`);
  const [opened, first, active] = [field('opened'), field('first'), field('active')];
  if (opened === null || first === null || active === null) return;
  const begun = performance.now();
  const time = new ActiveTime(begun);
  for (const act of ACTS) document.addEventListener(act, () => time.act(performance.now()), { passive: true });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') time.pause(performance.now());
    else time.act(performance.now());
  });
  form.addEventListener('input', () => {
    if (first.value === '') first.value = String(Math.round(performance.now() - begun));
  });
  form.addEventListener('submit', () => {
    time.act(performance.now());
    active.value = String(Math.floor(time.milliseconds));
    opened.value = String(Math.max(1, Math.ceil(performance.now() - begun)));
  });
}
