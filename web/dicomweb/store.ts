import { tagOf } from '../../lib/dicom/dictionary.ts';
import type { DicomJson } from '../../lib/dicom/json.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { requireRight } from '../accounts/rights.ts';
import type { WebContext } from '../parts.ts';
import { type KeptEdit, keepEdit } from '../viewer/edit.ts';
import { NotStoredError } from './not-stored.ts';
import { filesOfRequest } from './received.ts';
import { addressedStudy } from './request.ts';
import { ROOT } from './shelf.ts';

/** Longest request, bytes: 500 slices of 512 × 512 with four structures are 64 MB. */
export const STORE_LIMIT = 192 << 20;

type Outcome = { readonly kept: KeptEdit } | { readonly refused: NotStoredError };

/**
 * `POST /dicomweb/studies[/<study>]`: keeps what a reader has drawn over images that are held, and nothing else. 200 where all
 * of it is kept, 202 where a part is, 409 where none is, with the reason of each (PS3.18 10.5.3), and for people in `Warning`.
 */
export async function postInstances(c: WebContext) {
  requireRight(c, 'read');
  const study = addressedStudy(c);
  const outcomes: Outcome[] = [];
  for (const bytes of await filesOfRequest(c)) outcomes.push(await outcomeOf(c, bytes, study));
  const kept = outcomes.flatMap((outcome) => ('kept' in outcome ? [outcome.kept] : []));
  const refused = outcomes.flatMap((outcome) => ('refused' in outcome ? [outcome.refused] : []));
  if (outcomes.length === 0) throw new ProblemError(400, 'Nothing to store', 'The request holds no instance.');
  const status = refused.length === 0 ? 200 : kept.length === 0 ? 409 : 202;
  const headers = new Headers({ 'Content-Type': 'application/dicom+json' });
  const [first] = kept;
  if (first !== undefined && kept.length === 1) headers.set('Overread-Run', first.run);
  for (const { message } of refused)
    headers.append('Warning', `299 overread "${message.replaceAll(/[^\x20\x21\x23-\x7e]/g, "'")}"`);
  return new Response(JSON.stringify(answer(kept, refused)), { status, headers });
}

async function outcomeOf(c: WebContext, bytes: Buffer, study: string | undefined): Promise<Outcome> {
  try {
    return { kept: await keepEdit(c, bytes, study) };
  } catch (error) {
    if (error instanceof NotStoredError) return { refused: error };
    throw error;
  }
}

/** Store Instances Response (PS3.18 table 10.5.3-1). */
function answer(kept: readonly KeptEdit[], refused: readonly NotStoredError[]): DicomJson {
  const studies = new Set(kept.map(({ StudyInstanceUID }) => StudyInstanceUID));
  const [study] = studies;
  return {
    ...(study === undefined ? {} : { [tag('RetrieveURL')]: { vr: 'UR', Value: [`${ROOT}/studies/${study}`] } }),
    ...(kept.length === 0 ? {} : sequence('ReferencedSOPSequence', kept.map(reference))),
    ...(refused.length === 0
      ? {}
      : sequence(
          'FailedSOPSequence',
          refused.map(({ instance, reason }) => ({
            ...reference(instance),
            [tag('FailureReason')]: { vr: 'US', Value: [reason] },
          })),
        )),
  };
}

const sequence = (keyword: string, items: readonly DicomJson[]) => ({ [tag(keyword)]: { vr: 'SQ', Value: items } });

function reference({ SOPClassUID, SOPInstanceUID }: { SOPClassUID: string; SOPInstanceUID: string }): DicomJson {
  return {
    [tag('ReferencedSOPClassUID')]: { vr: 'UI', Value: [SOPClassUID] },
    [tag('ReferencedSOPInstanceUID')]: { vr: 'UI', Value: [SOPInstanceUID] },
  };
}

const tag = (keyword: string) => tagOf(keyword).slice(1).toUpperCase();
