import { deriveUid } from '../lib/dicom/uid.ts';
import { type Elements, writePart10 } from '../lib/dicom/write.ts';
import type { BodyPart, Radiograph } from './radiograph.ts';

/** Whose and which image it is. Nobody's: the names say what the phantom is. */
export interface ImageIdentity {
  /** The same seed gives the same UIDs. */
  seed: string;
  /** 1, 2, 3 … of the patient and of the image in its study. */
  patient: number;
  image: number;
  name: string;
  studyDescription: string;
}

export interface DicomOptions {
  sopClass?: 'CR' | 'DX';
  /** What the header says of sides: the truth, nothing, or that the one hip shown is the other. */
  sides?: 'stated' | 'absent' | 'contradictory';
}

const CR = '1.2.840.10008.5.1.4.1.1.1';
const DX = '1.2.840.10008.5.1.4.1.1.1.1';

/** SNOMED CT codes of the regions (PS3.16 CID 4009 and 4031). */
const regions: Record<BodyPart, readonly [code: string, meaning: string]> = {
  HIP: ['29836001', 'Hip'],
  PELVIS: ['12921003', 'Pelvis'],
  CHEST: ['51185008', 'Chest'],
  HAND: ['85562004', 'Hand'],
  KNEE: ['72696002', 'Knee'],
  SKULL: ['89546000', 'Skull'],
  SPINE: ['421060004', 'Spine'],
  ABDOMEN: ['818981001', 'Abdomen'],
  SHOULDER: ['16982005', 'Shoulder'],
  OTHER: ['38266002', 'Entire body'],
};

const views: Record<Radiograph['view'], readonly [code: string, meaning: string]> = {
  AP: ['399348003', 'Antero-posterior projection'],
  PA: ['272479007', 'Postero-anterior projection'],
  LATERAL: ['399067008', 'Lateral projection'],
};

/**
 * A phantom as a Part 10 file: Computed Radiography, or Digital X-Ray for presentation (PS3.3 A.2, A.26).
 * PatientOrientation is true to the pixels unless `sides` says otherwise.
 */
export function radiographToDicom(radiograph: Radiograph, identity: ImageIdentity, options: DicomOptions = {}): Buffer {
  const dx = options.sopClass === 'DX';
  const { seed } = identity;
  return writePart10({
    ...patientAndStudy(identity),
    SOPClassUID: dx ? DX : CR,
    SOPInstanceUID: deriveUid('phantom', seed, 'instance', String(identity.image)),
    Modality: dx ? 'DX' : 'CR',
    SeriesInstanceUID: deriveUid('phantom', seed, 'series', String(identity.image)),
    SeriesNumber: String(identity.image),
    InstanceNumber: '1',
    BodyPartExamined: radiograph.bodyPart === 'OTHER' ? '' : radiograph.bodyPart,
    ViewPosition: radiograph.view === 'LATERAL' ? 'LL' : radiograph.view,
    ImageType: ['ORIGINAL', 'PRIMARY', ''],
    ...sideElements(radiograph, options.sides ?? 'stated', dx),
    ...pixelElements(radiograph),
    ...(dx ? digitalXRay(radiograph) : { AcquisitionDate: '20260105', AcquisitionTime: '080000' }),
  });
}

function patientAndStudy({ seed, patient, name, studyDescription }: ImageIdentity): Elements {
  const number = String(patient).padStart(4, '0');
  return {
    PatientName: `Phantom^${name}`,
    PatientID: `PHANTOM-${number}`,
    IssuerOfPatientID: 'OVERREAD PHANTOMS',
    PatientBirthDate: '',
    PatientSex: 'O',
    StudyInstanceUID: deriveUid('phantom', seed, 'study'),
    StudyID: number,
    StudyDate: '20260105',
    StudyTime: '080000',
    StudyDescription: studyDescription,
    AccessionNumber: `PH${number}`,
    ReferringPhysicianName: '',
    Manufacturer: 'Overread',
    ManufacturerModelName: 'Phantom',
    StationName: 'PHANTOM',
    DeviceSerialNumber: '1',
    SoftwareVersions: '1',
    ContentDate: '20260105',
    ContentTime: '080000',
  };
}

function sideElements(radiograph: Radiograph, sides: 'stated' | 'absent' | 'contradictory', dx: boolean): Elements {
  const { laterality, patientOrientation } = radiograph;
  if (sides === 'absent') return { PatientOrientation: '', ...(dx ? { ImageLaterality: 'U' } : { Laterality: '' }) };
  const other = { L: 'R', R: 'L', B: 'B', U: 'U' } as const;
  return {
    PatientOrientation: [...patientOrientation],
    ImageLaterality: sides === 'contradictory' ? other[laterality] : laterality,
  };
}

function pixelElements(radiograph: Radiograph): Elements {
  const top = 2 ** radiograph.bitsStored - 1;
  const spacing = radiograph.pixelSpacing.toFixed(4);
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: radiograph.photometricInterpretation,
    Rows: radiograph.rows,
    Columns: radiograph.columns,
    BitsAllocated: 16,
    BitsStored: radiograph.bitsStored,
    HighBit: radiograph.bitsStored - 1,
    PixelRepresentation: 0,
    ImagerPixelSpacing: [spacing, spacing],
    WindowCenter: String((top + 1) / 2),
    WindowWidth: String(top + 1),
    PixelData: radiograph.pixels,
  };
}

function digitalXRay(radiograph: Radiograph): Elements {
  const [code, meaning] = regions[radiograph.bodyPart];
  const [view, viewMeaning] = views[radiograph.view];
  const inverted = radiograph.photometricInterpretation === 'MONOCHROME1';
  return {
    PresentationIntentType: 'FOR PRESENTATION',
    PositionerType: '',
    ViewCodeSequence: [
      { CodeValue: view, CodingSchemeDesignator: 'SCT', CodeMeaning: viewMeaning, ViewModifierCodeSequence: [] },
    ],
    AcquisitionDate: '20260105',
    AcquisitionTime: '080000',
    AnatomicRegionSequence: [{ CodeValue: code, CodingSchemeDesignator: 'SCT', CodeMeaning: meaning }],
    DetectorType: 'SCINTILLATOR',
    PixelIntensityRelationship: 'LOG',
    // Bone, where the fewest X-rays arrive, has the highest values unless the image is inverted.
    PixelIntensityRelationshipSign: inverted ? 1 : -1,
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'US',
    PresentationLUTShape: inverted ? 'INVERSE' : 'IDENTITY',
    LossyImageCompression: '00',
    BurnedInAnnotation: 'NO',
    AcquisitionContextSequence: [],
  };
}
