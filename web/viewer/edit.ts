import { imagesOfStudy } from '../../lib/archive/instances.ts';
import type { Dataset } from '../../lib/dicom/dataset.ts';
import { MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { PixelDataError } from '../../lib/dicom/pixel-description.ts';
import { readStructureSet } from '../../lib/dicom/rtstruct/read.ts';
import { readSegmentation } from '../../lib/dicom/seg/read.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { ModelNotHeldError, planImport, runInstances, structuresOf } from '../../lib/runs/import.ts';
import { importKey } from '../../lib/runs/keys.ts';
import { assignNames } from '../../lib/runs/structure-names.ts';
import { submitRun } from '../../lib/runs/submit.ts';
import type { Structure } from '../../schemas/volume.ts';
import { evaluationOf, may } from '../accounts/rights.ts';
import { record } from '../audit/audit.ts';
import { readHead } from '../dicomweb/head.ts';
import { type NamedInstance, NotStoredError, type REASONS } from '../dicomweb/not-stored.ts';
import type { WebContext } from '../parts.ts';
import { type Edited, findEdited } from './edited.ts';

/** An edit that is kept: its own run measures it and writes it anew. */
export interface KeptEdit extends NamedInstance {
  readonly StudyInstanceUID: string;
  readonly run: string;
}

/** Source and tool of a segmentation that a reader has made from another one in the viewer. */
const EDIT_SOURCE = 'edited';
const EDIT_TOOL = 'OHIF';

/** The classes in which a viewer saves what was drawn. */
const KINDS: Readonly<Record<string, 'seg' | 'rtstruct'>> = {
  '1.2.840.10008.5.1.4.1.1.66.4': 'seg',
  // Label Map Segmentation Storage
  '1.2.840.10008.5.1.4.1.1.66.7': 'seg',
  '1.2.840.10008.5.1.4.1.1.481.3': 'rtstruct',
};

/** Longest time that is believed to have gone into one edit, seconds. */
const MOST_SECONDS = 12 * 3600;

type Refuse = (reason: keyof typeof REASONS, message: string, cause?: unknown) => NotStoredError;

/**
 * Keeps a segmentation that a reader has made from a result: its bytes in the bucket `feedback`, and a run that reads its
 * voxels, compares them with the result, measures them and writes a valid object of them. The result itself stays.
 *
 * @param study the study that the address names, where it names one
 * @throws {NotStoredError} it is something else, is not of the patient, study and frame of reference of images that are
 *   held, or changes no result
 */
export async function keepEdit(c: WebContext, bytes: Buffer, study: string | undefined): Promise<KeptEdit> {
  const { parts, person } = c.var;
  const { file, kind, instance, refuse } = openFile(bytes);
  const StudyInstanceUID = file.text('StudyInstanceUID') ?? '';
  if (study !== undefined && study !== StudyInstanceUID) {
    throw refuse('doesNotMatch', 'An instance must be of the study of the address; it names another one.');
  }
  const edited = await findEdited(c, StudyInstanceUID, file);
  if (edited === undefined) {
    throw refuse('doesNotMatch', 'There must be a result on the images of this study that is changed; there is none.');
  }
  const { pipeline } = edited;
  if (!may(person, 'read', evaluationOf(c, pipeline.name))) {
    throw refuse('notAuthorised', 'This needs the right to read in the evaluation of the result.');
  }
  const images = await imagesOfStudy(parts.database, StudyInstanceUID, { series: edited.SeriesInstanceUID });
  await refuseOthers(c, file, images, refuse);
  const structures = await editedStructures(c, edited, refuse);
  const names = namesFor(structures, namesIn(bytes, kind, refuse), refuse);
  const planned = planImport({
    pipeline,
    StudyInstanceUID,
    instances: await runInstances(parts.store, images),
    imported: await parts.store.put('feedback', importKey(pipeline.name, sha256(bytes)), bytes, 'application/dicom'),
    edited: edited.seg,
    structures,
    names,
    statement: {
      pipeline: pipeline.name,
      source: EDIT_SOURCE,
      tool: EDIT_TOOL,
      minutes: minutesOf(c),
      author: person.name,
      edits: edited.run.id,
      from: edited.maker,
    },
  });
  const at = parts.now();
  await submitRun(parts.store, planned, { kind: 'person', by: person.name, at: at.toISOString() });
  await record(parts.database, { actor: person.name, action: 'segmentation-edited', subject: planned.id, at });
  return { ...instance, StudyInstanceUID, run: planned.id };
}

function openFile(bytes: Buffer) {
  const nobody = { SOPClassUID: '', SOPInstanceUID: '' };
  try {
    const { dataset: file } = readPart10(bytes, { untilPixelData: true });
    const instance = { SOPClassUID: file.text('SOPClassUID') ?? '', SOPInstanceUID: file.text('SOPInstanceUID') ?? '' };
    const refuse: Refuse = (reason, message, cause) => new NotStoredError(reason, message, instance, cause);
    const kind = KINDS[instance.SOPClassUID];
    if (kind === undefined) {
      throw refuse(
        'sopClassNotSupported',
        'Only segmentations and structure sets are stored here. Send images by C-STORE.',
      );
    }
    return { file, kind, instance, refuse };
  } catch (error) {
    if (error instanceof MalformedDicomError) throw new NotStoredError('notUnderstood', error.message, nobody, error);
    throw error;
  }
}

type Images = Awaited<ReturnType<typeof imagesOfStudy>>;

/** @throws {NotStoredError} of another patient or frame of reference than the images */
async function refuseOthers(c: WebContext, file: Dataset, images: Images, refuse: Refuse): Promise<void> {
  const [first] = images;
  if (first === undefined) throw refuse('doesNotMatch', 'The images must be held; these are not.');
  const { dataset: image } = await readHead(c.var.parts.store, { bucket: 'dicom', key: first.key });
  const issuer = file.text('IssuerOfPatientID');
  const sameIssuer = issuer === undefined || issuer === image.text('IssuerOfPatientID');
  const patient = file.text('PatientID');
  if (!sameIssuer || patient === undefined || patient !== image.text('PatientID')) {
    throw refuse(
      'doesNotMatch',
      'It must be of the patient of the images; its identification is another one, or empty.',
    );
  }
  const frames = framesOfReference(file);
  const frame = image.text('FrameOfReferenceUID');
  if (frame === undefined || frames.length === 0 || frames.some((one) => one !== frame)) {
    throw refuse(
      'doesNotMatch',
      'It must be in the frame of reference of the images; it is in another one, or in none.',
    );
  }
}

/** Of a structure set there may be several. */
function framesOfReference(file: Dataset): string[] {
  const own = file.text('FrameOfReferenceUID');
  const referenced = file
    .items('ReferencedFrameOfReferenceSequence')
    .map((item) => item.text('FrameOfReferenceUID') ?? '');
  return own === undefined ? referenced : [own];
}

/** Those structures of the model that the edited result has. */
async function editedStructures(c: WebContext, { pipeline, result }: Edited, refuse: Refuse): Promise<Structure[]> {
  try {
    const structures = (await structuresOf(c.var.parts.store, pipeline)) ?? [];
    const wanted = structures.filter(({ name }) => result.structures.some((one) => one.name === name));
    if (wanted.length > 0) return wanted;
    throw refuse('doesNotMatch', 'The result must have structures that its pipeline knows; it has others.');
  } catch (error) {
    if (error instanceof ModelNotHeldError) throw refuse('doesNotMatch', error.message, error);
    throw error;
  }
}

/** What the file calls its parts. @throws {NotStoredError} it cannot be read */
function namesIn(bytes: Buffer, kind: 'seg' | 'rtstruct', refuse: Refuse): string[] {
  try {
    return kind === 'seg'
      ? readSegmentation(bytes).segments.map(({ label }) => label)
      : readStructureSet(bytes).rois.map(({ name }) => name);
  } catch (error) {
    const isUnreadable = error instanceof UnfitObjectError || error instanceof MalformedDicomError;
    if (isUnreadable || error instanceof PixelDataError) throw refuse('notUnderstood', error.message, error);
    throw error;
  }
}

/** @throws {NotStoredError} something of it would be lost */
function namesFor(structures: readonly Structure[], names: readonly string[], refuse: Refuse): Record<string, string> {
  const { said, others } = assignNames(names, structures);
  if (others.length === 0) return said;
  const wanted = structures.map(({ title }) => title).join(', ');
  throw refuse(
    'notUnderstood',
    `It must hold nothing but ${wanted}; it also holds ${others.length === 1 ? 'a segment' : 'segments'} of another name. Rename or remove what is no part of it.`,
  );
}

/** How long the reader was at work in the viewer, as it says; null where it says nothing. */
function minutesOf(c: WebContext): number | null {
  const seconds = Number(c.req.header('overread-active-seconds') ?? 'none');
  return Number.isFinite(seconds) && seconds >= 0 && seconds <= MOST_SECONDS ? Math.round(seconds / 6) / 10 : null;
}
