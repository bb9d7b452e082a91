/** The copy of a form that this browser keeps, and whether the form begins with it; no document needed. */

/** Names of fields with what was entered. */
export type Answers = readonly (readonly [name: string, value: string])[];

/** What this browser has kept of a form, and when. */
export interface Copy {
  /** ISO 8601, by this computer's clock. */
  readonly at: string;
  readonly answers: Answers;
}

/**
 * What a form begins with. The page holds the draft of the server, which may have been saved on another computer; the
 * newer of the two wins, and an older copy that says something else is set aside, so that nothing entered is lost.
 *
 * @param page `savedAt`: when the server's draft was saved, ISO 8601; empty where it has none
 */
export function beginning(
  copy: Copy | undefined,
  page: { readonly savedAt: string; readonly answers: Answers },
): 'page' | 'copy' | 'copy-aside' {
  if (copy === undefined || sameAnswers(copy.answers, page.answers)) return 'page';
  return page.savedAt === '' || Date.parse(copy.at) > Date.parse(page.savedAt) ? 'copy' : 'copy-aside';
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
    keep: (answers: Answers, now: Date): boolean => {
      const copy: Copy = { at: now.toISOString(), answers };
      return attempt(() => storage().setItem(key, JSON.stringify(copy)) ?? true) ?? false;
    },
    remove: () => {
      attempt(() => storage().removeItem(key));
    },
  };
}

function copyOf(value: unknown): Copy | undefined {
  if (typeof value !== 'object' || value === null || !('at' in value) || !('answers' in value)) return undefined;
  const { at, answers } = value;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return undefined;
  return Array.isArray(answers) && answers.every(isAnswer) ? { at, answers } : undefined;
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
