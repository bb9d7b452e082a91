/**
 * A path to redirect to that stays on this site; `/` for anything else. Browsers read `//host` and `/\host` as another
 * host, so both are refused.
 */
export function pathOnThisSite(path: unknown): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\')) return '/';
  return path;
}
