/** Shows a trend with another baseline or threshold as soon as it is chosen; the address says what is looked with. */
import { refresh } from './live.ts';

/** A number is being typed: one look when it rests, ms. */
const REST_MS = 250;

let timer: number | undefined;
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-look]')) {
  form.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => look(form), REST_MS);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    look(form);
  });
}

function look(form: HTMLFormElement): void {
  if (!form.checkValidity()) return;
  const address = new URL(location.pathname, location.origin);
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value !== '') address.searchParams.set(name, value);
  }
  history.replaceState(null, '', address);
  void refresh();
}
