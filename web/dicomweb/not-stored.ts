/** Why an instance is not kept, for programs (PS3.18 table I.2-2). */
export const REASONS = {
  /** Of another patient, exam, frame of reference or series than the images that are held. */
  doesNotMatch: 0xa900,
  notUnderstood: 0xc000,
  sopClassNotSupported: 0x0122,
  notAuthorised: 0x0124,
} as const;

/** Who an instance says it is. */
export interface NamedInstance {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
}

/** An instance that is not kept. The message is a sentence for a person: the rule, then what was found; no PHI. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
  readonly reason: (typeof REASONS)[keyof typeof REASONS];
  readonly instance: NamedInstance;

  constructor(reason: keyof typeof REASONS, message: string, instance: NamedInstance, cause?: unknown) {
    super(message, { cause });
    this.reason = REASONS[reason];
    this.instance = instance;
  }
}
