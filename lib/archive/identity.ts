import type { InstanceFacts } from './facts.ts';

/** Why an instance stays out although its identifiers are valid. Shown to people, so without PHI. */
export const OTHER_PATIENT = 'Its study is known under another patient.';
export const OTHER_STUDY = 'Its SOPInstanceUID is known in another study.';
export const OTHER_CONTENT = 'Its SOPInstanceUID is known with other content.';

/** Why an instance cannot be known by its identifiers; undefined where it can. */
export function identityProblem({ facts }: { readonly facts: InstanceFacts }): string | undefined {
  const missing = missingIdentifier(facts);
  if (missing !== undefined) return missing;
  if (facts.commandSOPInstanceUID !== facts.SOPInstanceUID) {
    return 'It was sent under another SOPInstanceUID than it states.';
  }
  return undefined;
}

/** That an instance lacks an identifier without which nobody could know it; undefined where it has them all. */
export function missingIdentifier(facts: InstanceFacts): string | undefined {
  const identifiers = ['SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID', 'SOPClassUID'] as const;
  const missing = identifiers.find((identifier) => facts[identifier] === '');
  if (missing === undefined) return undefined;
  const why = facts.problem === undefined ? '' : `${facts.problem} `;
  return `${why}Its ${missing} is missing or not valid.`;
}
