/**
 * Keeps a page up to date without reloading it. Where something changed, the page is fetched again in the background and
 * its regions (`data-live-region`) are exchanged; a form that somebody may be filling in stays as it is.
 */
import { localise } from './times.ts';

/** Changes come in bursts: one fetch serves those of this time, ms. */
const GATHER_MS = 250;

const holder = document.querySelector<HTMLElement>('[data-live]');
if (holder !== null) follow(holder);

function follow(element: HTMLElement): void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  const soon = () => {
    if (timer !== undefined) return;
    timer = window.setTimeout(() => {
      timer = undefined;
      void refresh();
    }, GATHER_MS);
  };
  const open = () => {
    source?.close();
    source = new EventSource(element.dataset.live ?? '');
    source.addEventListener('run', soon);
    // Opened anew after a gap: something may have changed meanwhile.
    source.addEventListener('open', () => {
      element.dataset.liveOpen = '';
      soon();
    });
  };
  // A hidden page keeps no connection: browsers have only six for one server.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') open();
    else source?.close();
  });
  const seconds = Number(element.dataset.liveSeconds);
  if (seconds > 0) window.setInterval(soon, seconds * 1000);
  open();
}

/** Fetches the page anew and exchanges its regions. */
export async function refresh(): Promise<void> {
  const answer = await fetch(location.href, { headers: { 'Overread-Background': '1' }, redirect: 'follow' }).catch(
    () => undefined,
  );
  if (answer === undefined || !answer.ok) return;
  const target = new URL(answer.url);
  if (target.pathname.startsWith('/sign-in')) return;
  if (target.pathname !== location.pathname) {
    location.replace(target.pathname);
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const region of document.querySelectorAll<HTMLElement>('[data-live-region]')) {
    const name = region.dataset.liveRegion ?? '';
    const next = fresh.querySelector<HTMLElement>(`[data-live-region="${CSS.escape(name)}"]`);
    if (next === null || region.querySelector('form[data-draft], .viewport') !== null || isFilledIn(region)) continue;
    if (comparable(next) === region.dataset.liveShown) continue;
    region.dataset.liveShown = comparable(next);
    const opened = [...region.querySelectorAll('details[open]')].length > 0;
    region.replaceChildren(...next.childNodes);
    if (opened) for (const details of region.querySelectorAll('details')) details.open = true;
    localise(region);
    document.dispatchEvent(new CustomEvent('overread:replaced', { detail: region }));
  }
}

/** Whether somebody has begun to fill in a form there. */
function isFilledIn(region: HTMLElement): boolean {
  const active = document.activeElement;
  if (active !== null && region.contains(active) && active.matches('input, select, textarea')) return true;
  const fields = region.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea');
  if ([...fields].some((field) => field.value !== field.defaultValue)) return true;
  const choices = region.querySelectorAll<HTMLOptionElement | HTMLInputElement>('option, input');
  return [...choices].some((choice) =>
    choice instanceof HTMLInputElement
      ? choice.checked !== choice.defaultChecked
      : choice.index > 0 && choice.selected && !choice.defaultSelected,
  );
}

/** What a region says: equal for two renderings that a reader could not tell apart. */
function comparable(region: HTMLElement): string {
  return region.innerHTML.replaceAll(/name="(form-token|id)" value="[^"]*"/g, '');
}
