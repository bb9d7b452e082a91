/** Turns every moment of the page into the reader's own time zone, now and in what is put in later. */

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Shows the `<time>`s below `root` in the reader's zone; the title keeps UTC. */
export function localise(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>('time[datetime]:not([title])')) {
    element.title = element.dateTime;
    element.textContent = format.format(new Date(element.dateTime));
  }
}

localise(document);

// A choice in a filter needs no button where scripts run.
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-submit-on-change]')) {
  form.addEventListener('change', () => form.requestSubmit());
  for (const button of form.querySelectorAll('button')) button.hidden = true;
}
