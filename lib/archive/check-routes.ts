import type { Route } from '../../schemas/site.ts';
import { sopClassUid, vrOf } from '../dicom/dictionary.ts';
import { isValidUid } from '../dicom/uid.ts';
import { ConfigurationError } from '../platform/configuration.ts';

/**
 * Refuses routes that can never match, before anything starts: an unknown keyword, an unknown SOP class, two of one name.
 *
 * @param file the site's configuration, named in the message
 * @throws {ConfigurationError} the first thing that is wrong, and what to write instead
 */
export function checkRoutes(routes: readonly Route[], file: string): void {
  const names = new Set<string>();
  for (const route of routes) {
    const wrong = names.has(route.name) ? 'another route has this name: give each one of its own.' : wrongTag(route);
    if (wrong !== undefined) throw new ConfigurationError(`${file}: route \`${route.name}\`: ${wrong}`);
    names.add(route.name);
  }
}

function wrongTag({ when }: Route): string | undefined {
  for (const [keyword, wanted] of Object.entries(when)) {
    if (vrOf(keyword) === undefined) {
      return `\`${keyword}\` is no DICOM keyword: write it as the standard does, for example \`StudyDescription\`.`;
    }
    const unknown = keyword === 'SOPClassUID' ? [wanted].flat().find((value) => !isSopClass(value)) : undefined;
    if (unknown !== undefined) {
      return `\`${unknown}\` is no SOP class: write its UID, or its name, for example \`MR Image Storage\`.`;
    }
  }
  return undefined;
}

/** A private SOP class is known by its UID alone; what has a `*` may match anything. */
function isSopClass(value: string): boolean {
  return value.includes('*') || isValidUid(value) || sopClassUid(value) !== undefined;
}
