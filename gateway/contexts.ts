import { VERIFICATION_SOP_CLASS } from '../lib/dicom/dimse.ts';

/** UIDs of the DICOM standard itself. */
const STANDARD_ROOT = '1.2.840.10008.';

/** Where the standard's storage SOP classes are (PS3.4 B.5, GG.3), also those that are younger than this program. */
const STORAGE_ROOTS = [
  '1.2.840.10008.5.1.4.1.1.', // images, waveforms, reports, plans …
  '1.2.840.10008.5.1.4.34.7', // RT delivery instructions
  '1.2.840.10008.5.1.4.34.10',
  '1.2.840.10008.5.1.4.38.1', // hanging protocols
  '1.2.840.10008.5.1.4.39.1', // colour palettes
  '1.2.840.10008.5.1.4.43.1', // implants
  '1.2.840.10008.5.1.4.44.1',
  '1.2.840.10008.5.1.4.45.1',
];

/** What we say to a proposed presentation context: the transfer syntax we take it with, or why not. */
export type ContextAnswer =
  | { readonly accepted: true; readonly transferSyntax: string }
  | { readonly accepted: false; readonly because: 'abstract-syntax' | 'transfer-syntaxes' };

/**
 * Answers one proposed presentation context. Every storage SOP class is taken, private ones and unknown ones included:
 * what lies under the standard's root and is no storage is a service that we do not offer. Of the transfer syntaxes the
 * first proposed one is taken, whichever it is: the sender knows best what it has, and what is kept is what was sent.
 */
export function answerContext(abstractSyntax: string, transferSyntaxes: readonly string[]): ContextAnswer {
  if (abstractSyntax !== VERIFICATION_SOP_CLASS && !isStorage(abstractSyntax)) {
    return { accepted: false, because: 'abstract-syntax' };
  }
  const first = transferSyntaxes[0];
  if (first === undefined) return { accepted: false, because: 'transfer-syntaxes' };
  return { accepted: true, transferSyntax: first };
}

function isStorage(uid: string): boolean {
  if (!uid.startsWith(STANDARD_ROOT)) return uid !== '';
  return STORAGE_ROOTS.some((root) => uid === root || (root.endsWith('.') && uid.startsWith(root)));
}
