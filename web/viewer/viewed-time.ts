/**
 * How long a blinded reader works in the viewer; a script of its page, as `app-config.ts`. The form counts it in when it is
 * sent: `web/islands/kept-time.ts`.
 */

/** A pause longer than this is none in which somebody worked, ms. */
const LONGEST_PAUSE = 30_000;

const viewedCopy = /[?&]copy=([0-9a-f]{64})(&|$)/.exec(location.search)?.[1];
if (viewedCopy !== undefined) countFor(viewedCopy);

function countFor(copy: string): void {
  let active = 0;
  let last = performance.now();
  for (const sign of ['pointerdown', 'pointermove', 'wheel', 'keydown']) {
    const hear = () => {
      const now = performance.now();
      if (now - last < LONGEST_PAUSE) active += now - last;
      last = now;
    };
    addEventListener(sign, hear, { capture: true, passive: true });
  }
  const keep = () => {
    try {
      const form = localStorage.getItem(`overread-viewing:${copy}`);
      const key = `overread-viewed:${form}`;
      if (form !== null) localStorage.setItem(key, String(Number(localStorage.getItem(key) ?? 0) + Math.round(active)));
    } catch {
      // A browser that keeps nothing: the form tells its own time alone.
    }
    active = 0;
    last = Number.NEGATIVE_INFINITY;
  };
  addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keep();
  });
}
