/** A folder that holds no model which can be imported; the message says what is wrong and what to do. */
export class ModelFolderError extends Error {
  override readonly name = 'ModelFolderError';
}
