/**
 * Forms by keyboard: a digit answers the question that is marked and goes on to the next, so that a read takes one key a
 * question. `?` lists the keys, those of other islands too (`data-key`, `data-key-does`).
 */

const KEYS: readonly (readonly [string, string])[] = [
  ['1 … 9', 'answer the marked question, and go on to the next'],
  ['j / k', 'next / previous question'],
  ['a', 'go to “Agree with all”; Enter sends'],
  ['s', 'go to “Send”; Enter sends'],
  ['Ctrl Enter', 'send'],
  ['?', 'show these keys'],
];

const CURRENT = 'is-current';

const section = document.querySelector<HTMLElement>('[data-keys]');
const form = section?.querySelector('form');
if (form !== null && form !== undefined) follow(form);

function follow(held: HTMLFormElement): void {
  const questions = () => [...held.querySelectorAll<HTMLElement>('.question')];
  const current = () => held.querySelector<HTMLElement>(`.question.${CURRENT}`) ?? questions()[0];
  const mark = (question: HTMLElement | undefined) => {
    if (question === undefined) return;
    for (const other of questions()) other.classList.toggle(CURRENT, other === question);
  };
  const step = (by: number) => {
    const all = questions();
    const marked = current();
    const at = marked === undefined ? 0 : all.indexOf(marked);
    mark(all[Math.max(0, Math.min(all.length - 1, at + by))]);
    current()?.scrollIntoView({ block: 'nearest' });
  };
  const answer = (number: number) => {
    const question = current();
    const choice = question?.querySelectorAll<HTMLInputElement>('input[type=radio], input[type=checkbox]')[number - 1];
    if (question === undefined || choice === undefined) return;
    choice.click();
    choice.focus({ preventScroll: true });
    mark(question);
    if (choice.type === 'radio') step(1);
  };
  const go = (action: string) => held.querySelector<HTMLButtonElement>(`button[value="${action}"]`)?.focus();

  held.addEventListener('focusin', (event) => {
    if (event.target instanceof Element) mark(event.target.closest<HTMLElement>('.question') ?? undefined);
  });
  document.addEventListener('keydown', (event) => {
    // A form that is folded away answers to no key.
    if (!held.checkVisibility()) return;
    if (event.key === 'Enter' && event.ctrlKey) {
      held.querySelector<HTMLButtonElement>('button[value="send"]')?.click();
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (/^[1-9]$/.test(event.key)) answer(Number(event.key));
    else if (event.key === 'j') step(1);
    else if (event.key === 'k') step(-1);
    else if (event.key === 'a') go('agree');
    else if (event.key === 's') go('send');
    else if (event.key === '?') listKeys();
    else return;
    event.preventDefault();
  });
  held.closest('[data-keys]')?.classList.add('has-keys');
  mark(questions()[0]);
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLInputElement && !['radio', 'checkbox', 'button'].includes(target.type));

function listKeys(): void {
  const dialog = document.createElement('dialog');
  dialog.className = 'keys';
  dialog.setAttribute('aria-label', 'Keys');
  const list = document.createElement('dl');
  const others = [...document.querySelectorAll<HTMLElement>('[data-key]')].map(
    ({ dataset }) => [dataset.key ?? '', dataset.keyDoes ?? ''] as const,
  );
  for (const [key, does] of [...KEYS, ...others]) {
    const [term, detail] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = key;
    detail.textContent = does;
    list.append(term, detail);
  }
  const close = document.createElement('button');
  close.textContent = 'Close';
  close.addEventListener('click', () => dialog.close());
  dialog.append(list, close);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
