import path from 'node:path';

/**
 * Names of files for parts of keys. Lower-case letters, digits and `-_.+=@,` stand for themselves, so that a person finds
 * an object by its key; every other UTF-8 byte is `%xx`: upper case (file systems that ignore case), letters beyond ASCII
 * (file systems that normalise them), a leading dot. A name longer than a file system takes is continued in a folder
 * whose name ends in `%`.
 */
const PLAIN = '[a-z0-9_.+=@,-]';
const CONTINUED = '%';
/** Characters of one name; file systems take 255 bytes. */
const NAME_LENGTH = 200;

const IS_PLAIN = new RegExp(PLAIN);
/** A name of one piece that stands for itself, letter by letter: nearly every one. */
const AS_IS = new RegExp(`^(?!\\.)${PLAIN}{1,${NAME_LENGTH}}$`);

/** The path of a key below its bucket's folder. */
export function pathOfKey(key: string): string {
  return key.split('/').map(nameOfSegment).join(path.sep);
}

/** A folder that only continues a name too long for one. */
export function isContinued(name: string): boolean {
  return name.endsWith(CONTINUED);
}

/** The part of a key that a name (or the piece of one) stands for; undefined where no key has such a name. */
export function segmentOfNames(names: readonly string[]): string | undefined {
  const [first = '', ...more] = names;
  if (more.length === 0 && AS_IS.test(first)) return first;
  const joined = names.map((name) => (isContinued(name) ? name.slice(0, -1) : name)).join('');
  try {
    const segment = decodeURIComponent(joined);
    return nameOfSegment(segment) === names.join(path.sep) ? segment : undefined;
  } catch {
    return undefined;
  }
}

function nameOfSegment(segment: string): string {
  if (AS_IS.test(segment)) return segment;
  const escaped = Array.from(Buffer.from(segment), escapeByte).join('');
  const pieces: string[] = [];
  let rest = escaped;
  while (rest.length > NAME_LENGTH) {
    // Never cut an escape in two.
    const cut =
      rest.lastIndexOf('%', NAME_LENGTH - 1) > NAME_LENGTH - 3 ? rest.lastIndexOf('%', NAME_LENGTH - 1) : NAME_LENGTH;
    pieces.push(rest.slice(0, cut) + CONTINUED);
    rest = rest.slice(cut);
  }
  return [...pieces, rest].join(path.sep);
}

function escapeByte(byte: number, index: number): string {
  const character = String.fromCharCode(byte);
  const plain = IS_PLAIN.test(character) && !(index === 0 && character === '.');
  return plain ? character : `%${byte.toString(16).padStart(2, '0')}`;
}
