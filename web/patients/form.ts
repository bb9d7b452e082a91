import { Uid } from '../../schemas/scalars.ts';

/** Fields of the forms of `/patients` as what they ask for, still to be parsed. Pure. */
export function askedChange(form: Readonly<Record<string, unknown>>): unknown {
  switch (form.kind) {
    case 'merge':
      return { kind: 'merge', merged: named(form, 'merged'), into: named(form, 'into') };
    case 'move':
      return { kind: 'move', exam: trimmed(form.exam), to: form.to === 'new' ? 'new' : named(form, 'to') };
    case 'undo':
      return { kind: 'undo', undoes: form.undoes };
    default:
      return undefined;
  }
}

/** Whom one side names: by an exam where one is given, else by number and issuer. */
function named(form: Readonly<Record<string, unknown>>, side: string): unknown {
  const exam = trimmed(form[`${side}-exam`]);
  if (exam !== '') return { exam };
  return { patientId: trimmed(form[`${side}-number`]), issuer: trimmed(form[`${side}-issuer`]) };
}

const trimmed = (value: unknown) => (typeof value === 'string' ? value.trim() : '');

/** What was entered, by field: shown again, to be corrected. */
export type Entered = Readonly<Record<string, string>>;

export function enteredIn(form: Readonly<Record<string, unknown>>): Entered {
  return Object.fromEntries(Object.keys(form).map((name) => [name, trimmed(form[name])]));
}

/** An exam is to be moved, and what names it can name none. */
export function isMoveOfNoExam({ kind, exam }: Readonly<Record<string, unknown>>): boolean {
  return kind === 'move' && !Uid.safeParse(trimmed(exam)).success;
}
