import type { Exam } from '../made/exam.ts';
import { commonElements, dateTimeOf, type MadeObject } from '../made/object.ts';
import { type CustomTags, withTags } from '../made/tags.ts';
import { UnfitObjectError } from '../made/unfit.ts';
import { writePart10 } from '../write.ts';
import { LETTER, type Page, RED } from './page.ts';

const SECONDARY_CAPTURE_STORAGE = '1.2.840.10008.5.1.4.1.1.7';

/** What a page of ours says in its pixels. */
const WARNING = 'INVESTIGATIONAL – NOT FOR CLINICAL USE';

export interface CaptureToWrite {
  readonly exam: Exam;
  readonly made: MadeObject;
  /** Its top and its bottom `BANNER` rows are left free for the warning. */
  readonly page: Page;
  readonly tags?: CustomTags;
  /** The page names the patient (BurnedInAnnotation). */
  readonly namesPatient?: boolean;
  /** What it was made of, in a sentence (DerivationDescription). */
  readonly derivation?: string;
}

/** Height of the band with the warning, at the top and at the bottom of a page, in pixels. */
export const BANNER = 56;

/**
 * A Secondary Capture (PS3.3 A.8.1) of a page, in RGB. The warning stands in its pixels, above and below, whatever a viewer
 * shows of the header.
 *
 * @throws {UnfitObjectError} the page has no room for the warning
 * @throws {InvalidValueError} a custom tag or a text breaks the rules
 */
export function writeCapture({
  exam,
  made,
  page,
  tags = {},
  namesPatient = false,
  derivation,
}: CaptureToWrite): Buffer {
  warn(page);
  const { date, time } = dateTimeOf(made.at, exam.offsetMinutes);
  const elements = {
    ...commonElements(exam, made, 'OT'),
    SOPClassUID: SECONDARY_CAPTURE_STORAGE,
    ConversionType: 'SYN',
    ImageType: ['DERIVED', 'SECONDARY'],
    PatientOrientation: '',
    Laterality: '',
    ContentDate: date,
    ContentTime: time,
    BurnedInAnnotation: namesPatient ? 'YES' : 'NO',
    ...(derivation === undefined ? {} : { DerivationDescription: derivation }),
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    Rows: page.rows,
    Columns: page.columns,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: page.pixels,
  };
  return writePart10(withTags(elements, tags));
}

function warn(page: Page): void {
  const width = [...WARNING].length * LETTER.width;
  const size = Math.min(2, Math.floor(page.columns / width));
  if (size < 1 || page.rows < 2 * BANNER) {
    throw new UnfitObjectError('kind', `A page must have ${width} columns and ${2 * BANNER} rows for its warning.`);
  }
  const left = Math.floor((page.columns - width * size) / 2);
  for (const top of [0, page.rows - BANNER]) {
    page.fill(0, top, page.columns, BANNER, [56, 8, 8]);
    page.write(left, top + Math.floor((BANNER - LETTER.height * size) / 2), WARNING, { colour: RED, size });
  }
}
