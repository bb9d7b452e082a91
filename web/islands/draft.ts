/**
 * Keeps what somebody enters: in this browser at once, on the server a moment later. What the server has is taken out of
 * the browser again, so that nothing stays behind on a shared workstation.
 */

/** Wait after the last change, ms. */
const SAVE_AFTER_MS = 800;
const PREFIX = 'overread-draft:';

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-draft]')) keep(form);

function keep(form: HTMLFormElement): void {
  const key = PREFIX + (form.dataset.draftKey ?? '');
  const state = form.querySelector<HTMLElement>('[data-draft-state]');
  let timer: number | undefined;
  let changes = 0;

  const say = (text: string, failed: boolean) => {
    if (state === null) return;
    state.textContent = text;
    state.classList.toggle('is-failed', failed);
  };
  const save = async () => {
    const upTo = changes;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') body.set(name, value);
    const answer = await fetch(form.dataset.draft ?? '', { method: 'POST', body }).catch(() => undefined);
    if (answer?.ok === true) {
      if (upTo === changes) localStorage.removeItem(key);
      say('Draft saved', false);
    } else if (answer?.status === 401) {
      say(
        'You are signed out. Your answers are kept in this browser; press Send or Save draft to sign in again.',
        true,
      );
    } else {
      say('Not saved on the server yet; your answers are kept in this browser.', true);
      timer ??= window.setTimeout(later, 10 * SAVE_AFTER_MS);
    }
  };
  const later = () => {
    timer = undefined;
    void save();
  };
  const changed = () => {
    changes += 1;
    localStorage.setItem(key, JSON.stringify(answersOf(form)));
    window.clearTimeout(timer);
    timer = window.setTimeout(later, SAVE_AFTER_MS);
  };

  const kept = localStorage.getItem(key);
  if (kept !== null) {
    restore(form, kept);
    changed();
  }
  form.addEventListener('input', changed);
  form.addEventListener('submit', () => {
    window.clearTimeout(timer);
  });
}

function answersOf(form: HTMLFormElement): [string, string][] {
  const answers: [string, string][] = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && (name.startsWith('answer:') || name === 'reason')) answers.push([name, value]);
  }
  return answers;
}

function restore(form: HTMLFormElement, text: string): void {
  const answers: unknown = JSON.parse(text);
  if (!Array.isArray(answers)) return;
  for (const answer of answers) {
    if (!Array.isArray(answer)) continue;
    const [name, value]: unknown[] = answer;
    if (typeof name !== 'string' || typeof value !== 'string') continue;
    const field = form.elements.namedItem(name);
    if (field instanceof RadioNodeList || field instanceof HTMLTextAreaElement) field.value = value;
    else if (field instanceof HTMLInputElement && field.type === 'radio') field.checked = field.value === value;
  }
}

// Sent and shown: nothing of it needs to stay in this browser.
const sent = document.querySelector<HTMLElement>('[data-draft-sent]');
if (sent !== null) localStorage.removeItem(PREFIX + (sent.dataset.draftSent ?? ''));
