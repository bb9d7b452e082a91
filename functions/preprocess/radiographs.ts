import { fillInput, letterboxOf } from '../../lib/imaging/letterbox.ts';
import { percentileWindow } from '../../lib/imaging/window.ts';
import type { DetectionModelCard } from '../../schemas/model.ts';
import { type PreparedSet, type Radiograph, RadiographSet } from '../../schemas/radiograph.ts';
import { bytesOf, jsonBytes, mapAtMost, readJson, readPixels, type StepContext, type StepData } from '../operator.ts';

const AT_ONCE = 2;

/** Makes a tensor of each radiograph: letterboxed, windowed, bone bright. */
export async function prepareRadiographs(context: StepContext, { input }: DetectionModelCard): Promise<StepData> {
  const { images } = await readJson(context.inputFile('images'), RadiographSet);
  const [rows, columns] = input.size;
  const prepared = await mapAtMost(AT_ONCE, images, async (image: Radiograph, index) => {
    const values = await readPixels(context.input('pixels'), image);
    const letterbox = letterboxOf(image, { rows, columns });
    const window = percentileWindow(values, input.window, image.padding);
    const grey = { rows: image.rows, columns: image.columns, values };
    const tensor = fillInput(grey, letterbox, window, { inverted: image.inverted, padding: input.padding });
    const file = `${index}.f32`;
    await context.output('tensors', file, bytesOf(tensor));
    const { SOPInstanceUID, SeriesInstanceUID } = image;
    return { file, SOPInstanceUID, SeriesInstanceUID, letterbox, window };
  });
  const set: PreparedSet = { images: prepared };
  await context.output('prepared', 'prepared.json', jsonBytes(set), 'application/json');
  return { images: images.length };
}
