import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '../../lib/platform/problem.ts';

/** Parameters of scrypt, as a hash tells them to whoever checks a password against it. */
export interface PasswordCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** Cost of scrypt: N = 2^15, r = 8, p = 3 (OWASP password storage): 32 MB and about a quarter of a second. */
const COST: PasswordCost = { N: 2 ** 15, r: 8, p: 3 };
const MOST_MEMORY = 64 * 1024 * 1024;
const KEY_BYTES = 32;

/** Hashes at once before further sign-ins are asked to wait: each takes memory and a thread. */
const MOST_AT_ONCE = 16;
let atOnce = 0;

/** Shortest password that an account may have, in characters. */
export const SHORTEST_PASSWORD = 12;

/** Longest, so that nobody can make us hash megabytes. */
export const LONGEST_PASSWORD = 200;

/** Hashes a password: `scrypt$<N>$<r>$<p>$<salt>$<key>`, the last two base64url, with a salt of its own. */
export async function hashPassword(password: string, cost = COST): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return `scrypt$${cost.N}$${cost.r}$${cost.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/**
 * Whether a password is the hashed one. Without a hash (no such account) it takes as long and answers no, so that the time
 * does not tell which accounts there are.
 *
 * @throws {ProblemError} 429: too many sign-ins at once
 */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', key = ''] = (hash ?? '').split('$');
  const cost = hash === undefined ? COST : { N: Number(N), r: Number(r), p: Number(p) };
  const expected = Buffer.from(key, 'base64url');
  const actual = await derive(password, Buffer.from(salt, 'base64url'), cost);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** A password to be read aloud and typed: 20 characters without look-alikes, about 98 bits. */
export function randomPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const characters: string[] = [];
  while (characters.length < 20) {
    for (const byte of randomBytes(32)) {
      // Bytes from 248 on would make some letters likelier than others.
      if (byte < 248 && characters.length < 20) characters.push(letters.charAt(byte % letters.length));
    }
  }
  return characters.join('').replace(/(.{5})(?=.)/g, '$1-');
}

async function derive(password: string, salt: Buffer, cost: PasswordCost): Promise<Buffer> {
  if (atOnce >= MOST_AT_ONCE) {
    throw new ProblemError(429, 'Too many sign-ins at once', 'Many people are signing in just now. Try again shortly.');
  }
  atOnce += 1;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      scrypt(
        password.normalize('NFKC').slice(0, LONGEST_PASSWORD),
        salt,
        KEY_BYTES,
        { ...cost, maxmem: MOST_MEMORY },
        (error, key) => (error === null ? resolve(key) : reject(error)),
      );
    });
  } finally {
    atOnce -= 1;
  }
}
