import type { Code } from '../../../schemas/volume.ts';

const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning });
const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });

/** Concepts of our reports. Source: PS3.16 TID 1500, 1410, 1411, 1501, 4019, 1004 and the tables that they name. */
export const IMAGING_MEASUREMENT_REPORT = dcm('126000', 'Imaging Measurement Report');
export const LANGUAGE = dcm('121049', 'Language of Content Item and Descendants');
export const ENGLISH: Code = { value: 'en', scheme: 'RFC5646', meaning: 'English' };
export const OBSERVER_TYPE = dcm('121005', 'Observer Type');
export const DEVICE = dcm('121007', 'Device');
export const DEVICE_OBSERVER_UID = dcm('121012', 'Device Observer UID');
export const DEVICE_OBSERVER_NAME = dcm('121013', 'Device Observer Name');
export const DEVICE_OBSERVER_MANUFACTURER = dcm('121014', 'Device Observer Manufacturer');
export const DEVICE_OBSERVER_MODEL = dcm('121015', 'Device Observer Model Name');
export const PROCEDURE_REPORTED = dcm('121058', 'Procedure reported');
export const IMAGE_LIBRARY = dcm('111028', 'Image Library');
export const IMAGE_LIBRARY_GROUP = dcm('126200', 'Image Library Group');
export const IMAGING_MEASUREMENTS = dcm('126010', 'Imaging Measurements');
export const MEASUREMENT_GROUP = dcm('125007', 'Measurement Group');
export const TRACKING_IDENTIFIER = dcm('112039', 'Tracking Identifier');
export const TRACKING_UNIQUE_IDENTIFIER = dcm('112040', 'Tracking Unique Identifier');
export const FINDING_CATEGORY = sct('276214006', 'Finding category');
export const FINDING = dcm('121071', 'Finding');
export const FINDING_SITE = sct('363698007', 'Finding Site');
export const LATERALITY = sct('272741003', 'Laterality');
export const ALGORITHM_NAME = dcm('111001', 'Algorithm Name');
export const ALGORITHM_VERSION = dcm('111003', 'Algorithm Version');
export const ALGORITHM_PARAMETERS = dcm('111002', 'Algorithm Parameters');
export const REFERENCED_SEGMENT = dcm('121191', 'Referenced Segment');
export const SOURCE_SERIES_FOR_SEGMENTATION = dcm('121232', 'Source series for segmentation');
export const IMAGE_REGION = dcm('111030', 'Image Region');
export const COMMENT = dcm('121106', 'Comment');
export const VOLUME = sct('118565006', 'Volume');
export const CERTAINTY_OF_FINDING = dcm('111012', 'Certainty of Finding');
export const MILLILITRE: Code = { value: 'mL', scheme: 'UCUM', meaning: 'mL' };
export const PERCENT: Code = { value: '%', scheme: 'UCUM', meaning: 'Percent' };
export const HIP = sct('29836001', 'Hip');
export const LEFT = sct('7771000', 'Left');
export const RIGHT = sct('24028007', 'Right');

export const SOURCE_OF_MEASUREMENT = dcm('121112', 'Source of Measurement');

/** Designator of the codes that are ours, where no standard one says it. */
export const OURS = '99OVERREAD';

/** A concept of our own. @param value at most 16 characters */
export function ours(value: string, meaning: string): Code {
  return { value: value.slice(0, 16), scheme: OURS, meaning };
}

export const PERCENT_OF_TOTAL = ours('percent-of-total', 'Percentage of the total');

const PROCEDURES: Readonly<Record<string, Code>> = {
  CT: sct('77477000', 'Computed Tomography'),
  MR: sct('113091000', 'Magnetic Resonance Imaging'),
  CR: sct('168537006', 'Plain Radiography'),
  DX: sct('168537006', 'Plain Radiography'),
};

/** What was done, by the Modality of the images. */
export function procedureOf(modality: string): Code {
  return PROCEDURES[modality] ?? sct('363679005', 'Imaging procedure');
}
