import { z } from 'zod';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import type { DeliveryRequest } from '../../schemas/delivery.ts';
import { Slug } from '../../schemas/scalars.ts';
import { defineOperator, type InputFile, jsonBytes, mapAtMost, type StepContext } from '../operator.ts';

/** DICOM objects read at once. */
const AT_ONCE = 2;

export const registerResults = defineOperator({
  name: 'register-results',
  version: '1.0.0',
  description: 'Asks that published DICOM objects be delivered to receivers. The gateway decides, and sends.',
  parameters: z.object({
    receivers: z
      .array(Slug)
      .nullable()
      .default(null)
      .describe('Names of receivers in the file of the site; null: those that the site gives the pipeline.'),
  }),
  inputs: { objects: 'The DICOM objects that publish-results published.' },
  outputs: { request: 'DeliveryRequest as JSON, in the bucket `results`.' },
  async run(context) {
    const { run, parameters } = context;
    const files = context.input('objects');
    if (files.length === 0) return { objects: 0 };
    const request: DeliveryRequest = {
      run: run.id,
      pipeline: run.pipeline.name,
      studyInstanceUid: run.StudyInstanceUID,
      requestedAt: run.inputsAt,
      receivers: parameters.receivers,
      objects: await mapAtMost(AT_ONCE, files, (file) => objectOf(run, file)),
    };
    await context.publish('request', 'deliver.json', jsonBytes(request), 'application/json');
    return { objects: files.length };
  },
});

/** A published object: its UIDs, and where it lies in the bucket `results`. */
async function objectOf(run: StepContext['run'], file: InputFile): Promise<DeliveryRequest['objects'][number]> {
  const { dataset, meta } = readPart10(await file.read(), { untilPixelData: true });
  const { name, sha256, size } = file;
  return {
    SOPClassUID: meta.MediaStorageSOPClassUID,
    SOPInstanceUID: meta.MediaStorageSOPInstanceUID,
    SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '',
    object: {
      bucket: 'results',
      key: `${run.pipeline.name}/${run.id}/${name}`,
      sha256,
      size,
      contentType: 'application/dicom',
    },
  };
}
