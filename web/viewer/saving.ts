/**
 * What happens when a reader saves in the viewer; a script of its page, as `app-config.ts`. The viewer sends the file and says
 * only "saved": this says with it which result was opened and how long the work took, waits until what was saved is measured,
 * and then opens that, so that what is seen is what is kept. Where it is refused, it says why.
 */

/** A pause longer than this is none in which somebody worked, ms. */
const LONGEST_PAUSE_MS = 30_000;

/** Between two looks at whether a run has ended, ms. */
const LOOK_AGAIN_MS = 1_000;

/** What is shown of a run. */
interface Measured {
  readonly status: string;
  readonly reason: string | null;
  readonly result: { readonly structures: readonly { readonly title: string; readonly volumeMl: number }[] } | null;
}

/** How long the reader has been at work since the viewer was opened or the last save, ms. */
let activeMs = 0;
let lastMs = performance.now();
for (const sign of ['pointerdown', 'pointermove', 'wheel', 'keydown']) {
  const hear = () => {
    const now = performance.now();
    if (now - lastMs < LONGEST_PAUSE_MS) activeMs += now - lastMs;
    lastMs = now;
  };
  addEventListener(sign, hear, { capture: true, passive: true });
}

/** Nothing was drawn since the last save. */
let isKept = false;
addEventListener('pointerup', () => {
  isKept = false;
});

// The browser asks before it leaves what was drawn and not saved. That something was, the viewer's own list for undoing says.
addEventListener('beforeunload', (event) => {
  const cornerstone: unknown = Reflect.get(window, 'cornerstone');
  const memory = Object(Object(Object(cornerstone).utilities).HistoryMemo).DefaultHistoryMemo;
  if (!isKept && Object(memory).canUndo === true) event.preventDefault();
});

XMLHttpRequest.prototype.open = new Proxy(XMLHttpRequest.prototype.open, {
  apply(open, request: XMLHttpRequest, given: [string, string]) {
    Reflect.apply(open, request, given);
    const [method, url] = given;
    if (method.toUpperCase() !== 'POST' || !new URL(url, location.href).pathname.startsWith('/dicomweb/studies'))
      return;
    request.setRequestHeader('Overread-Active-Seconds', String(Math.round(activeMs / 1000)));
    const opened = /[?&]run=([0-9a-f]{64})(&|$)/.exec(location.search)?.[1];
    if (opened !== undefined) request.setRequestHeader('Overread-Run', opened);
    request.addEventListener('load', () => heard(request));
  },
});

function heard(request: XMLHttpRequest): void {
  if (request.status === 200) {
    activeMs = 0;
    isKept = true;
    const run = request.getResponseHeader('Overread-Run');
    if (run !== null) void untilMeasured(run);
    return;
  }
  const why = /^299 \S+ "(.*)"$/.exec(request.getResponseHeader('Warning') ?? '')?.[1];
  const signIn = 'Your session has ended. Sign in in another tab, then save again: what you have drawn is still here.';
  const other = `The server answered ${request.status}. Try again.`;
  show('Not saved', why ?? (request.status === 401 ? signIn : other), [['Back to the image', undefined]]);
}

async function untilMeasured(run: string): Promise<void> {
  show('Saved', 'It is being read back and measured …', []);
  for (;;) {
    const answer = await fetch(`/api/v1/runs/${run}`, { headers: { 'Overread-Background': '1' } }).catch(
      () => undefined,
    );
    if (answer?.status === 401) break;
    const ended: Measured | undefined = answer?.ok === true ? await answer.json() : undefined;
    if (ended !== undefined && !['queued', 'running'].includes(ended.status)) {
      showEnd(run, ended);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  show('Saved', 'Your session has ended. Sign in to see the volumes.', [['Sign in', `/runs/${run}`]]);
}

function showEnd(run: string, { status, reason, result }: Measured): void {
  if (status !== 'succeeded' || result === null) {
    // The viewer shows a copy of its own by now, which need not be what was drawn: there is no way back to it.
    const text = `What was saved is kept, and cannot be used: ${reason ?? 'it was not measured.'}`;
    show('Not measured', text, [
      ['See what can be done', `/runs/${run}`],
      ['Begin anew', location.href],
    ]);
    return;
  }
  const volumes = result.structures.map(({ title, volumeMl }) => `${title}: ${volumeMl.toFixed(1)} mL`);
  show('Saved and measured', volumes.join(' · '), [
    ['See the result', `/runs/${run}`],
    ['Go on editing', `/runs/${run}/viewer?edit`],
  ]);
}

/** A box over the whole viewer: what is drawn behind it meanwhile would be lost, or is not what is kept. */
function show(title: string, text: string, ways: readonly (readonly [string, string | undefined])[]): void {
  document.querySelector('dialog.overread-saving')?.remove();
  const dialog = document.createElement('dialog');
  dialog.className = 'overread-saving';
  dialog.style.cssText =
    'margin:auto;max-width:32rem;padding:1.5rem;border:1px solid #5acce6;border-radius:8px;background:#0b1a2e;color:#fff;font:16px/1.5 sans-serif';
  const heading = document.createElement('h2');
  heading.textContent = title;
  heading.style.cssText = 'font-size:20px;margin:0 0 .5rem';
  const words = document.createElement('p');
  words.textContent = text;
  words.setAttribute('role', 'status');
  dialog.append(heading, words, ...ways.map(([label, address]) => way(dialog, label, address)));
  // There is no way around waiting for an end.
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
}

function way(dialog: HTMLDialogElement, label: string, address: string | undefined): HTMLButtonElement {
  const button = document.createElement('button');
  button.textContent = label;
  button.style.cssText =
    'margin:1rem .75rem 0 0;padding:.4rem .9rem;border:1px solid #5acce6;border-radius:6px;background:#12304f;color:#fff;cursor:pointer';
  // Not the mark of something drawn.
  button.addEventListener('pointerup', (event) => event.stopPropagation());
  button.addEventListener('click', () => (address === undefined ? dialog.remove() : location.assign(address)));
  return button;
}
