import type { Reception } from './catalogue.ts';

/** Why an instance stays out although its identifiers are valid. Shown to people, so without PHI. */
export const OTHER_PATIENT = 'Its study is known under another patient.';
export const OTHER_STUDY = 'Its SOPInstanceUID is known in another study.';
export const OTHER_CONTENT = 'Its SOPInstanceUID is known with other content.';

/** Why an instance cannot be known by its identifiers; undefined where it can. */
export function identityProblem({ facts }: Reception): string | undefined {
  if (facts.SOPInstanceUID === '') return 'Its SOPInstanceUID is missing or not valid.';
  if (facts.StudyInstanceUID === '') return 'Its StudyInstanceUID is missing or not valid.';
  if (facts.SeriesInstanceUID === '') return 'Its SeriesInstanceUID is missing or not valid.';
  if (facts.SOPClassUID === '') return 'Its SOPClassUID is missing or not valid.';
  if (facts.commandSOPInstanceUID !== facts.SOPInstanceUID) {
    return 'It was sent under another SOPInstanceUID than it states.';
  }
  return undefined;
}
