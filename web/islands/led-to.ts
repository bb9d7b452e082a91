/**
 * Brings the form that the address leads to (`#feedback`) to the top of its column, and the images beside it to theirs. Where
 * the column sticks, the browser moves the page again and again instead: the form comes no nearer by that, and the images go.
 */

const FORM = 'feedback';

addEventListener('hashchange', bringThere);
if (document.readyState === 'complete') bringThere();
else addEventListener('load', () => requestAnimationFrame(bringThere));

function bringThere(): void {
  if (location.hash !== `#${FORM}`) return;
  const form = document.getElementById(FORM);
  const column = form?.closest<HTMLElement>('.reading');
  if (form === null || column === null || column === undefined) return;
  if (getComputedStyle(column).position !== 'sticky') return;
  column.parentElement?.scrollIntoView();
  column.scrollTop += form.getBoundingClientRect().top - column.getBoundingClientRect().top;
}
