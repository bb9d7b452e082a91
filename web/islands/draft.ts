/**
 * Keeps what somebody enters: in this browser at once, on the server a moment later. What the server has is taken out of
 * the browser again, so that nothing stays behind on a shared workstation.
 */
import { type Answers, beginning, copyIn } from './draft-copy.ts';
import { inTurn } from './in-turn.ts';

/** Wait after the last change, ms. */
const SAVE_AFTER_MS = 800;

/** The server is not waited for longer, ms. */
const LONGEST_SAVE_MS = 15_000;

const PREFIX = 'overread-draft:';

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-draft]')) keep(form);

function keep(form: HTMLFormElement): void {
  const copy = copyIn(() => localStorage, PREFIX + (form.dataset.draftKey ?? ''));
  const state = form.querySelector<HTMLElement>('[data-draft-state]');
  let timer: number | undefined;
  let changes = 0;
  let isKept = true;
  /** When the server saved the draft over which answers are entered now, as it said itself. */
  let savedAt = form.dataset.savedAt ?? '';

  const say = (text: string, failed: boolean) => {
    if (state === null) return;
    state.textContent = text;
    state.classList.toggle('is-failed', failed);
  };
  // One after the other: an older draft that was longer under way would take the place of a newer one.
  const save = inTurn(async () => {
    const upTo = changes;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') body.set(name, value);
    const asking = { method: 'POST', body, signal: AbortSignal.timeout(LONGEST_SAVE_MS) };
    const answer = await fetch(form.dataset.draft ?? '', asking).catch(() => undefined);
    if (answer?.ok === true) {
      savedAt = momentIn(await answer.json().catch(() => undefined)) ?? savedAt;
      if (upTo === changes) copy.remove();
      else copy.keep(answersOf(form), savedAt);
      say('Draft saved', false);
    } else if (answer?.status === 401) {
      say(`You are signed out. ${whereKept(isKept)}; press Send or Save draft to sign in again.`, true);
    } else {
      say(`Not saved on the server yet. ${whereKept(isKept)}.`, true);
      timer ??= window.setTimeout(later, 10 * SAVE_AFTER_MS);
    }
  });
  const later = () => {
    timer = undefined;
    save();
  };
  const changed = () => {
    changes += 1;
    isKept = copy.keep(answersOf(form), savedAt);
    if (!isKept) say(`${whereKept(isKept)}.`, true);
    window.clearTimeout(timer);
    timer = window.setTimeout(later, SAVE_AFTER_MS);
  };
  const use = (answers: Answers) => {
    const folded = form.closest('details');
    if (folded !== null) folded.open = true;
    restore(form, answers);
    changed();
  };

  const kept = copy.read();
  const begins = beginning(kept, { savedAt, answers: answersOf(form) });
  if (kept === undefined || begins === 'page') copy.remove();
  else if (begins === 'copy') use(kept.answers);
  else offer(form, () => use(kept.answers));
  form.addEventListener('input', changed);
  form.addEventListener('submit', () => {
    window.clearTimeout(timer);
  });
}

function momentIn(body: unknown): string | undefined {
  const saved = typeof body === 'object' && body !== null && 'savedAt' in body ? body.savedAt : undefined;
  return typeof saved === 'string' ? saved : undefined;
}

function whereKept(inBrowser: boolean): string {
  return inBrowser
    ? 'Your answers are kept in this browser'
    : 'This browser cannot keep a copy of your answers: leave this page open until they are saved';
}

/** Says that the copy of this browser was set aside, and lets it be used all the same. */
function offer(form: HTMLFormElement, use: () => void): void {
  const aside = form.querySelector<HTMLElement>('[data-draft-aside]');
  if (aside === null) return;
  aside.hidden = false;
  aside.querySelector('button')?.addEventListener('click', () => {
    aside.hidden = true;
    use();
  });
}

function answersOf(form: HTMLFormElement): [string, string][] {
  const answers: [string, string][] = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && (name.startsWith('answer:') || name === 'reason')) answers.push([name, value]);
  }
  return answers;
}

function restore(form: HTMLFormElement, answers: Answers): void {
  // A box that was not ticked is not among the answers.
  for (const box of form.querySelectorAll<HTMLInputElement>('input[type="checkbox"]')) box.checked = false;
  for (const [name, value] of answers) {
    const field = form.elements.namedItem(name);
    if (field instanceof RadioNodeList || field instanceof HTMLTextAreaElement) field.value = value;
    else if (field instanceof HTMLInputElement && /^(radio|checkbox)$/.test(field.type))
      field.checked = field.value === value;
    else if (field instanceof HTMLInputElement) field.value = value;
  }
}

// Sent and shown: nothing of it needs to stay in this browser.
const sent = document.querySelector<HTMLElement>('[data-draft-sent]');
if (sent !== null) copyIn(() => localStorage, PREFIX + (sent.dataset.draftSent ?? '')).remove();
