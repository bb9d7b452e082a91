/** What stands above a radiograph: buttons, and what hand and keys do. */

/** What hand and keys do with a radiograph, as the help lists it. Keys work while the radiograph has the focus. */
const HELP = [
  ['drag', 'window and level'],
  ['wheel, + −', 'zoom'],
  ['right drag, arrows', 'move'],
  ['shift + arrows', 'window and level'],
  ['i', 'invert'],
  ['b', 'boxes on and off'],
  ['0, double click', 'as at first'],
  ['?', 'this list'],
] as const;

/** A button. @param name by which it is found again, where it is pressed or not */
export function tool(label: string, act: () => void, name?: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  if (name !== undefined) button.dataset.tool = name;
  button.addEventListener('click', act);
  return button;
}

/** The list, folded up. */
export function helpList(): HTMLDetailsElement {
  const details = document.createElement('details');
  details.className = 'keys';
  const summary = document.createElement('summary');
  summary.textContent = 'Mouse and keys';
  const list = document.createElement('dl');
  for (const [key, what] of HELP) {
    const [term, description] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = key;
    description.textContent = what;
    list.append(term, description);
  }
  details.append(summary, list);
  return details;
}
