import { createHash } from 'node:crypto';

/**
 * JSON with sorted keys and no white space, so that equal values have equal bytes. Keys whose value is `undefined` are
 * left out, as `JSON.stringify` does.
 *
 * @see RFC 8785; numbers are written by ECMAScript's rules, which that standard takes over
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 of bytes or text, as 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
