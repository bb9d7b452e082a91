/** Objects that are read at once. */
const AT_ONCE = 8;

/** What `work` makes of the items, in their order; the next few are worked on while one is waited for. */
export async function* ahead<Item, Made>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<Made>,
): AsyncGenerator<Made> {
  const waiting: Promise<Made>[] = [];
  for (const item of items) {
    const made = work(item);
    // Whoever stops early leaves promises behind: their failure is nobody's.
    made.catch(() => {});
    waiting.push(made);
    const first = waiting.length < AT_ONCE ? undefined : waiting.shift();
    if (first !== undefined) yield await first;
  }
  for (const made of waiting) yield await made;
}
