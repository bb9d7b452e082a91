/** Longest key, UTF-8 bytes: the limit of S3. */
const KEY_LIMIT = 1024;
/** Longest part between two slashes, UTF-8 bytes: the limit of MinIO. */
const SEGMENT_LIMIT = 255;

/** What no listing of S3 can carry: it is XML. */
const UNSPEAKABLE = /[\p{Cc}\uFFFE\uFFFF]/u;

/**
 * Refuses a key that could leave its bucket or that a driver could not give back unchanged.
 *
 * @throws {RangeError} empty, longer than 1024 bytes, a part that is empty, `.`, `..` or longer than 255 bytes, a control
 * character, or text that is no Unicode (a lone surrogate)
 */
export function checkKey(key: string): void {
  const wrong = whatIsWrong(key);
  if (wrong !== undefined) throw new RangeError(`An object key must name one object of its bucket: ${wrong}.`);
}

/**
 * Refuses a prefix whose complete parts no key could have.
 *
 * @param folder the prefix must be empty or end in `/`
 * @throws {RangeError}
 */
export function checkPrefix(prefix: string, options: { folder?: boolean } = {}): void {
  const { folder = false } = options;
  if (prefix === '') return;
  if (folder && !prefix.endsWith('/')) throw new RangeError('A prefix of folders must be empty or end in "/".');
  const wrong = whatIsWrong(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  if (wrong !== undefined) throw new RangeError(`A prefix must begin a key: ${wrong}.`);
}

/** Order of keys: that of their UTF-8 bytes, as S3 lists them (JavaScript compares UTF-16 units instead). */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function whatIsWrong(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (!key.isWellFormed() || UNSPEAKABLE.test(key)) return 'it holds a character that cannot be stored';
  if (Buffer.byteLength(key) > KEY_LIMIT) return `it is longer than ${KEY_LIMIT} bytes`;
  for (const segment of key.split('/')) {
    if (segment === '') return 'a part between slashes is empty';
    if (segment === '.' || segment === '..') return `a part between slashes is "${segment}"`;
    if (Buffer.byteLength(segment) > SEGMENT_LIMIT)
      return `a part between slashes is longer than ${SEGMENT_LIMIT} bytes`;
  }
  return undefined;
}
