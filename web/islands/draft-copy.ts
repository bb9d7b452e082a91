/** The copy of a form that this browser keeps, and whether the form begins with it; no document needed. */

/** Names of fields with what was entered. */
export type Answers = readonly (readonly [name: string, value: string])[];

/** What this browser has kept of a form, and over which draft of the server it was entered. */
export interface Copy {
  /** When the server had saved that draft, as the server said it; empty where it had none. No clock here counts. */
  readonly over: string;
  readonly answers: Answers;
}

/**
 * What a form begins with. The page holds the draft of the server. Where that is still the one over which the copy was
 * entered, the copy goes on from it; where another was saved since, on another computer say, that one is shown, and a
 * copy that says something else is set aside, so that nothing entered is lost.
 *
 * @param page `savedAt`: when the server's draft was saved, ISO 8601; empty where it has none
 */
export function beginning(
  copy: Copy | undefined,
  page: { readonly savedAt: string; readonly answers: Answers },
): 'page' | 'copy' | 'copy-aside' {
  if (copy === undefined || sameAnswers(copy.answers, page.answers)) return 'page';
  return copy.over === page.savedAt ? 'copy' : 'copy-aside';
}

/**
 * The copy below a key. A storage that is full, switched off or holds something else stops nothing: there is no copy then.
 *
 * @param storage how to get at it, since a browser may refuse even that
 */
export function copyIn(storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, key: string) {
  return {
    /** What is kept; undefined where that is nothing, or nothing that can be read. */
    read: () => attempt(() => copyOf(JSON.parse(storage().getItem(key) ?? 'null'))),
    /** Keeps it. @returns false if the browser cannot */
    keep: (answers: Answers, over: string): boolean => {
      const copy: Copy = { over, answers };
      return attempt(() => storage().setItem(key, JSON.stringify(copy)) ?? true) ?? false;
    },
    remove: () => {
      attempt(() => storage().removeItem(key));
    },
  };
}

function copyOf(value: unknown): Copy | undefined {
  if (typeof value !== 'object' || value === null || !('over' in value) || !('answers' in value)) return undefined;
  const { over, answers } = value;
  if (typeof over !== 'string') return undefined;
  return Array.isArray(answers) && answers.every(isAnswer) ? { over, answers } : undefined;
}

function isAnswer(value: unknown): value is Answers[number] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}

function sameAnswers(one: Answers, other: Answers): boolean {
  const given = (answers: Answers) => JSON.stringify(answers.filter(([, value]) => value !== '').toSorted());
  return given(one) === given(other);
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
