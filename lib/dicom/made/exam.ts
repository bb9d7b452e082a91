import type { Dataset } from '../dataset.ts';
import { vrOf } from '../dictionary.ts';
import { type Elements, Verbatim } from '../write.ts';

/** What every object made from an exam repeats of it, byte by byte, with the character set that the bytes are in. */
export interface Exam {
  /** Attributes of patient and study; what is of type 2 is there, empty where the source lacks it. */
  readonly patientAndStudy: Elements;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly FrameOfReferenceUID: string | undefined;
  readonly Modality: string;
  /** Minutes east of UTC, where the exam says it. */
  readonly offsetMinutes: number | undefined;
  /** The pixels were compressed with loss: what is made of them says so too (PS3.3 C.7.6.1.1.5). */
  readonly lossy: Elements | undefined;
  /** What of the body the series shows, for the series that are made of it. */
  readonly bodyPart: Elements;
}

/** Type 2 in the Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1): there in any case. */
const PRESENT = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
];

/** Repeated where the source has them (PS3.3 C.7.1.1, C.7.1.3, C.7.2.1, C.7.2.2, C.7.2.3, C.12.1). */
const REPEATED = [
  'SpecificCharacterSet',
  'TimezoneOffsetFromUTC',
  'IssuerOfPatientID',
  'IssuerOfPatientIDQualifiersSequence',
  'TypeOfPatientID',
  'PatientBirthTime',
  'OtherPatientIDsSequence',
  'EthnicGroup',
  'PatientComments',
  'PatientSpeciesDescription',
  'PatientSpeciesCodeSequence',
  'PatientBreedDescription',
  'PatientBreedCodeSequence',
  'BreedRegistrationSequence',
  'ResponsiblePerson',
  'ResponsiblePersonRole',
  'ResponsibleOrganization',
  'PatientIdentityRemoved',
  'DeidentificationMethod',
  'DeidentificationMethodCodeSequence',
  'LongitudinalTemporalInformationModified',
  'StudyInstanceUID',
  'StudyDescription',
  'IssuerOfAccessionNumberSequence',
  'PhysiciansOfRecord',
  'PatientAge',
  'PatientSize',
  'PatientWeight',
  'ClinicalTrialSponsorName',
  'ClinicalTrialProtocolID',
  'ClinicalTrialProtocolName',
  'ClinicalTrialSiteID',
  'ClinicalTrialSiteName',
  'ClinicalTrialSubjectID',
  'ClinicalTrialSubjectReadingID',
  'ClinicalTrialTimePointID',
  'ClinicalTrialTimePointDescription',
];

/** Attributes that belong to the patient and the study: nothing that is made from an exam may change them. */
export const PATIENT_AND_STUDY: ReadonlySet<string> = new Set([...PRESENT, ...REPEATED]);

/** What an object made from this instance's series repeats of it. */
export function examOf(dataset: Dataset): Exam {
  const empty = Object.fromEntries(PRESENT.map((keyword) => [keyword, '']));
  return {
    patientAndStudy: { ...empty, ...repeated(dataset, [...PRESENT, ...REPEATED]) },
    StudyInstanceUID: dataset.text('StudyInstanceUID') ?? '',
    SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '',
    FrameOfReferenceUID: dataset.text('FrameOfReferenceUID'),
    Modality: dataset.text('Modality') ?? '',
    offsetMinutes: offsetMinutes(dataset.text('TimezoneOffsetFromUTC')),
    lossy:
      dataset.text('LossyImageCompression') === '01'
        ? repeated(dataset, ['LossyImageCompression', 'LossyImageCompressionRatio', 'LossyImageCompressionMethod'])
        : undefined,
    bodyPart: repeated(dataset, ['BodyPartExamined']),
  };
}

/** Text values byte by byte; sequences item by item. */
function repeated(dataset: Dataset, keywords: readonly string[]): Elements {
  const elements: Record<string, Elements[string]> = {};
  for (const keyword of keywords) {
    if (vrOf(keyword) === 'SQ') {
      const items = dataset.items(keyword);
      if (items.length > 0) elements[keyword] = items.map((item) => repeated(item, textKeywords(item)));
    } else {
      const bytes = dataset.bytes(keyword);
      if (bytes !== undefined && bytes.length > 0) elements[keyword] = new Verbatim(bytes);
    }
  }
  return elements;
}

/** Binary values would depend on how the source is written; no attribute that is repeated has one. */
function textKeywords(item: Dataset): string[] {
  return item.keywords().filter((keyword) => !/^(U[SLVN]|S[SLV]|F[LD]|O[BDFLVW]|AT)$/.test(vrOf(keyword) ?? 'UN'));
}

function offsetMinutes(offset: string | undefined): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d{2})(\d{2})$/.exec(offset ?? '') ?? [];
  if (sign === undefined) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
