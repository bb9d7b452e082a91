import { readPart10 } from '../lib/dicom/dataset.ts';
import { tagNumber } from '../lib/dicom/dictionary.ts';
import { transferSyntax } from '../lib/dicom/transfer-syntax.ts';
import { validUid } from '../lib/dicom/uid.ts';

/** Studies that one association's entry in the log names. */
const NAMED_STUDIES = 4;

/** Bytes of an instance that are looked through for its study: it stands before everything long. */
const LOOKED_THROUGH = 64 << 10;

/** An instance that came to its end, whichever that was. */
export interface BroughtInstance {
  readonly isDurable: boolean;
  /** Why the disk refused it; undefined unless it did. */
  readonly refusal: unknown;
  /** Preamble and file meta information. */
  readonly head: Uint8Array;
  /** The data set's first bytes, as many as came at once; undefined where none did. */
  readonly beginning: Uint8Array | undefined;
}

/** What an association brought, as the log tells it: numbers and UIDs, no PHI. */
export interface BroughtEntry {
  readonly taken: number;
  readonly refused: number;
  readonly brokenOff: number;
  /** StudyInstanceUIDs, the first few. */
  readonly studies: readonly string[];
}

/** Counts the instances of one association. */
export class Brought {
  #taken = 0;
  #refused = 0;
  #brokenOff = 0;
  readonly #studies = new Set<string>();
  /** The element of the study that came last. */
  #latest: Buffer | undefined;

  /** @param transferSyntaxUid as negotiated: what is deflated is not read */
  add(instance: BroughtInstance, transferSyntaxUid: string): void {
    if (instance.isDurable) this.#taken += 1;
    else if (instance.refusal !== undefined) this.#refused += 1;
    else this.#brokenOff += 1;
    if (!transferSyntax(transferSyntaxUid).deflated) this.#note(instance);
  }

  /** Undefined where it brought nothing. */
  entry(): BroughtEntry | undefined {
    const [taken, refused, brokenOff] = [this.#taken, this.#refused, this.#brokenOff];
    if (taken + refused + brokenOff === 0) return undefined;
    return { taken, refused, brokenOff, studies: [...this.#studies] };
  }

  /** An instance that holds the element of the one before it is not read: a thousand slices of a study cost one reading. */
  #note({ head, beginning }: BroughtInstance): void {
    if (beginning === undefined || this.#studies.size >= NAMED_STUDIES) return;
    const bytes = Buffer.from(beginning.buffer, beginning.byteOffset, Math.min(beginning.length, LOOKED_THROUGH));
    if (this.#latest !== undefined && bytes.includes(this.#latest)) return;
    const study = studyOf(Buffer.concat([head, bytes]));
    if (study === undefined) return;
    this.#latest = study.element;
    this.#studies.add(study.uid);
  }
}

/** Bytes of a UID's element before its value: tag, VR and length, or tag and a long length (PS3.5 7.1.2 and 7.1.3). */
const UID_HEAD = 8;

/** The StudyInstanceUID, and its element as it is written; undefined where these bytes do not say. What cannot be read is the ingest's to judge. */
function studyOf(bytes: Buffer): { readonly uid: string; readonly element: Buffer } | undefined {
  try {
    const { dataset, dataSetOffset } = readPart10(bytes, { untilPixelData: true });
    const uid = validUid(dataset.text('StudyInstanceUID'));
    const element = dataset.set.elements.get(tagNumber('StudyInstanceUID'));
    if (uid === '' || element === undefined) return undefined;
    const start = dataSetOffset + element.offset;
    return { uid, element: bytes.subarray(start - UID_HEAD, start + element.length) };
  } catch {
    return undefined;
  }
}
