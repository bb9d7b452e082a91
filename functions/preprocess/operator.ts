import { z } from 'zod';
import { fillInput, letterboxOf } from '../../lib/imaging/letterbox.ts';
import { percentileWindow } from '../../lib/imaging/window.ts';
import { type PreparedSet, type Radiograph, RadiographSet } from '../../schemas/radiograph.ts';
import { bytesOf, cardOf, defineOperator, jsonBytes, mapAtMost, readJson, readPixels } from '../operator.ts';

const AT_ONCE = 2;

export const preprocess = defineOperator({
  name: 'preprocess',
  version: '1.0.0',
  description: 'Brings radiographs to the input that the model wants: size, window, bone bright.',
  parameters: z.object({}),
  inputs: {
    images: 'The image list that dicom-reader made.',
    pixels: 'The grey values beside it.',
  },
  models: { model: 'The model whose card says what its input is.' },
  outputs: {
    prepared: 'PreparedSet as JSON: for each image the transform, so that boxes map back exactly.',
    tensors: 'For each image its tensor: 32-bit little-endian floats [1, 1, rows, columns].',
  },
  async run(context) {
    const { images } = await readJson(context.inputFile('images'), RadiographSet);
    const { input } = await cardOf(context.model('model'), 'detection');
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
  },
});
