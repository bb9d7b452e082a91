import type { ResultObjects } from '../../schemas/result.ts';
import type { PublishContext } from './head.ts';

/** DICOM objects that a pipeline may make, by the input that they come in. */
const DICOM_OBJECTS = ['seg', 'rtstruct', 'report', 'capture'] as const;

/** Copies the DICOM objects that writers made to where people and other systems look. @returns their keys */
export async function publishObjects(context: PublishContext): Promise<ResultObjects> {
  const { name } = context.run.pipeline;
  const objects: ResultObjects = {};
  for (const kind of DICOM_OBJECTS) {
    for (const file of context.input(kind)) {
      const { key } = await context.publish('objects', `${name}.${kind}.dcm`, await file.read(), 'application/dicom');
      objects[kind] = key;
    }
  }
  return objects;
}
