import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { openSession, type Session } from '../../lib/onnx/session.ts';
import { firstIssue } from '../../lib/platform/issue.ts';
import { digestOfWeights } from '../../lib/runs/models.ts';
import { ModelCard } from '../../schemas/model.ts';
import { ModelFolderError } from './error.ts';
import { isBundle, readBundle } from './monai.ts';

/** A model as a folder holds it, loaded. Close the session. */
export interface FoundModel {
  readonly card: ModelCard;
  readonly weightsFile: string;
  readonly session: Session;
  /** Sentences on what was assumed. */
  readonly notes: readonly string[];
}

const EXPORT =
  'python -m monai.bundle onnx_export --net_id network_def --filepath models/model.onnx --ckpt_file models/model.pt --meta_file configs/metadata.json --config_file configs/inference.json';

/**
 * Reads the model in a folder: a MONAI bundle with ONNX weights, or an ONNX file with a card `model.json`, whose `file`
 * and `sha256` may be missing. In a bundle, a `model.json` settles the fields that it has.
 *
 * @throws {ModelFolderError} there is none, or it cannot be used
 */
export async function openModelFolder(folder: string): Promise<FoundModel> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ModelFolderError(`${folder}: a model is imported from a folder; this is none.`);
  }
  const given = readGiven(path.join(folder, 'model.json'));
  const bundle = isBundle(folder);
  if (given === undefined && !bundle) {
    throw new ModelFolderError(
      `${folder}: neither a MONAI bundle (configs/metadata.json) nor a model with a card (model.json). Write a card beside the ONNX file: docs/engineer.md says what is in it.`,
    );
  }
  const weightsFile = weightsIn(folder, bundle, given?.file);
  const sha256 = await digestOfWeights(weightsFile, path.basename(weightsFile));
  if (given?.sha256 !== undefined && given.sha256 !== sha256) {
    throw new ModelFolderError(
      `The card names weights with SHA-256 ${given.sha256}; ${path.basename(weightsFile)} has ${sha256}.`,
    );
  }
  const session = await openSession(readFileSync(weightsFile)).catch((error: Error) => {
    throw new ModelFolderError(`${path.basename(weightsFile)}: ${error.message}`, { cause: error });
  });
  try {
    const { fields, notes } = bundle ? readBundle(folder, session.graph, given ?? {}) : { fields: {}, notes: [] };
    const whole = ModelCard.safeParse({ ...fields, ...given, file: path.basename(weightsFile), sha256 });
    if (!whole.success)
      throw new ModelFolderError(`${bundle ? 'The card' : 'model.json'}: ${firstIssue(whole.error)}.`);
    return { card: whole.data, weightsFile, session, notes };
  } catch (error) {
    await session.close();
    throw error;
  }
}

const Given = z.looseObject({ file: z.string().optional(), sha256: z.string().optional() });

/** The fields that the person wrote; undefined where there is no such file. */
function readGiven(file: string): z.infer<typeof Given> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return Given.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? firstIssue(error) : 'a model’s card is JSON; this is not';
    throw new ModelFolderError(`${file}: ${why}.`, { cause: error });
  }
}

/** The ONNX file: the one that the card names, else the only one there is. */
function weightsIn(folder: string, bundle: boolean, named: string | undefined): string {
  const place = bundle ? path.join(folder, 'models') : folder;
  if (named !== undefined) {
    const file = path.join(place, path.basename(named));
    if (path.basename(named) === named && existsSync(file)) return file;
    throw new ModelFolderError(`model.json: \`file\` names an ONNX file in ${place}; there is no ${named}.`);
  }
  const found = existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.onnx')) : [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return path.join(place, only);
  if (only !== undefined) {
    throw new ModelFolderError(`${place} holds ${found.join(', ')}: say in model.json, by \`file\`, which one it is.`);
  }
  const how = bundle ? ` Inside the bundle: ${EXPORT}` : '';
  throw new ModelFolderError(`${place}: ONNX weights (*.onnx) are needed; there are none.${how}`);
}
