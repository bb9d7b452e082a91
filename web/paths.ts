/** Whether programs ask here: they get problem+json for an error, and no way to a page for signing in. */
export function isForPrograms(path: string): boolean {
  return path.startsWith('/api/') || path.startsWith('/dicomweb/');
}

/**
 * A path to redirect to that stays on this site; `/` for anything else. Browsers read `//host` and `/\host` as another
 * host, so both are refused.
 */
export function pathOnThisSite(path: unknown): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\')) return '/';
  return path;
}
