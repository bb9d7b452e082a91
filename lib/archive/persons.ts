import type { PatientStatement, PersonReference } from '../../schemas/patients.ts';

/**
 * A person of the index as a text: `row 12` is whoever has this row of `patient` because images state it, `person <id>`
 * whoever a statement made, `exam <uid>` whoever is stated by the images of an exam that is not held.
 */
export type PersonKey = string;

/** Who is who, as statements say it. */
export interface Persons {
  /** Exams that were moved → whom they are of, merges not yet applied. */
  readonly moved: ReadonlyMap<string, PersonKey>;
  /** Of everybody who is merged with others → whose name and number hold for all of them. */
  readonly survivors: ReadonlyMap<PersonKey, PersonKey>;
  /** When statements last changed which exams somebody has, by who they are now. */
  readonly changedAt: ReadonlyMap<PersonKey, string>;
  /** Statements that hold no more → the one that undid each. */
  readonly undone: ReadonlyMap<string, string>;
}

/** Whom the images of an exam state. */
export type StatedBy = (StudyInstanceUID: string) => PersonKey;

/**
 * Who is who after these statements, oldest first. Pure.
 *
 * Of a group that was merged step by step the one named last as `into` is the person; each statement is taken as it was
 * said, so that one can be undone without those around it. The last move of an exam that holds is the one that counts.
 */
export function personsAfter(statements: readonly PatientStatement[], statedBy: StatedBy): Persons {
  const undone = new Map<string, string>();
  const marks = new Map<PersonKey, string>();
  let current = standing([], undone, statedBy);
  for (const [index, { id, change, statedAt }] of statements.entries()) {
    const before = current;
    if (change.kind === 'undo') undone.set(change.undoes, id);
    current = standing(statements.slice(0, index + 1), undone, statedBy);
    const said = change.kind === 'undo' ? statements.find((one) => one.id === change.undoes)?.change : change;
    if (said === undefined || said.kind === 'undo') continue;
    const touched =
      said.kind === 'merge'
        ? [said.merged, said.into].map((one) => keyOf(one, statedBy))
        : [before, current].map(({ moved }) => moved.get(said.exam) ?? statedBy(said.exam));
    for (const { groups } of [before, current]) {
      for (const key of touched) for (const member of groups.get(key) ?? [key]) marks.set(member, statedAt);
    }
  }
  const survivors = new Map<PersonKey, PersonKey>();
  for (const [key, members] of current.groups) survivors.set(key, survivorOf(members, statements, undone, statedBy));
  const changedAt = new Map<PersonKey, string>();
  for (const [key, at] of marks) {
    const now = survivors.get(key) ?? key;
    if ((changedAt.get(now) ?? '') < at) changedAt.set(now, at);
  }
  return { moved: current.moved, survivors, changedAt, undone };
}

/** The key of whom a reference means. */
function keyOf(reference: PersonReference, statedBy: StatedBy): PersonKey {
  return 'exam' in reference ? statedBy(reference.exam) : madeBy(reference.person);
}

/** The key of somebody whom a statement made. */
export const madeBy = (statement: string): PersonKey => `person ${statement}`;

interface Standing {
  readonly moved: ReadonlyMap<string, PersonKey>;
  /** Everybody who is merged with others → all of that group. */
  readonly groups: ReadonlyMap<PersonKey, ReadonlySet<PersonKey>>;
}

function standing(
  statements: readonly PatientStatement[],
  undone: ReadonlyMap<string, string>,
  statedBy: StatedBy,
): Standing {
  const moved = new Map<string, PersonKey>();
  const groups = new Map<PersonKey, ReadonlySet<PersonKey>>();
  for (const { id, change } of statements) {
    if (undone.has(id)) continue;
    if (change.kind === 'move') moved.set(change.exam, change.to === 'new' ? madeBy(id) : keyOf(change.to, statedBy));
    if (change.kind !== 'merge') continue;
    const both = [keyOf(change.merged, statedBy), keyOf(change.into, statedBy)];
    const joined = new Set(both.flatMap((key) => [key, ...(groups.get(key) ?? [])]));
    for (const member of joined) groups.set(member, joined);
  }
  return { moved, groups };
}

function survivorOf(
  members: ReadonlySet<PersonKey>,
  statements: readonly PatientStatement[],
  undone: ReadonlyMap<string, string>,
  statedBy: StatedBy,
): PersonKey {
  const holding = statements.flatMap(({ id, change }) =>
    change.kind === 'merge' && !undone.has(id) ? [keyOf(change.into, statedBy)] : [],
  );
  const last = holding.findLast((into) => members.has(into));
  if (last === undefined) throw new Error('A group of patients was joined by no statement.');
  return last;
}
