/** Why an object cannot be made or used. */
export type Unfitness =
  /** It is no object of that kind, or says too little of itself. */
  | 'kind'
  /** It lies in another frame of reference than the images, or in none. */
  | 'frame-of-reference'
  /** Its pixels or contours do not lie on the voxels of the images. */
  | 'geometry'
  /** Its pixels cannot be read. */
  | 'pixels';

/** An object cannot be made of what was given, or what was read does not fit the images. The message is a sentence for a person and names nobody. */
export class UnfitObjectError extends Error {
  override readonly name = 'UnfitObjectError';
  readonly reason: Unfitness;

  constructor(reason: Unfitness, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
