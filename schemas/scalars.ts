import { z } from 'zod';

/** Texts with a form of their own, of which the other schemas are made. */

/** SHA-256 as 64 lower-case hexadecimal digits. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 hexadecimal digits');

/** A DICOM unique identifier (PS3.5 9.1): digits and dots, at most 64 characters, no component with a leading zero. */
export const Uid = z
  .string()
  .max(64)
  .regex(/^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/, 'a DICOM UID');

/** A name that may stand in an object key, a URL and a function name: lower-case letters, digits, hyphens. */
export const Slug = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single hyphens');

/** A semantic version, `1.2.3`, optionally with a pre-release. */
export const Version = z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'a version such as 1.2.0');

/** A moment as ISO 8601 in UTC, `2026-01-31T08:15:00.000Z`. */
export const Instant = z.iso.datetime();
