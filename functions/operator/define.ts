import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Logger } from '../../lib/platform/log.ts';
import type { Device } from '../../schemas/manifest.ts';
import type { ModelCard } from '../../schemas/model.ts';
import type { Run } from '../../schemas/run.ts';
import type { ObjectReference } from '../../schemas/store.ts';

/** A file that a step reads: an object of the store, or a local file. */
export interface InputFile {
  /** Last part of its key or path; an instance's is `<SOPInstanceUID>.dcm`. */
  readonly name: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Its bytes, checked against `sha256`. Read anew at each call: keep what you need, no longer than you need it. */
  read(): Promise<Buffer>;
  /** As `read`, for what is too large for memory: the end comes only if all bytes were the right ones, else an error. */
  stream(): Promise<Readable>;
}

/** A model as an operator gets it; card and weights are kept between calls. */
export interface Model {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the weights. */
  readonly sha256: string;
  card(): Promise<ModelCard>;
  weights(): Promise<Buffer>;
}

/** What of the run a step may know. No PHI is in it. */
export interface RunFacts {
  readonly id: string;
  readonly pipeline: Run['pipeline'];
  readonly StudyInstanceUID: string;
  /** What the study held instead, where no instance was admitted. */
  readonly notAdmitted: Run['notAdmitted'];
  readonly models: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
  /** When the last input of this step was there: the same for every worker on the step, unlike its own clock. */
  readonly inputsAt: string;
}

/** The world of one call. */
export interface StepContext<Parameters = unknown> {
  readonly parameters: Parameters;
  readonly run: RunFacts;
  /** The files of a declared input, in the order their maker gave. */
  input(name: string): readonly InputFile[];
  /** The only file of a declared input. @throws {ProblemError} it has none or several */
  inputFile(name: string): InputFile;
  model(name: string): Model;
  /** Stores a file of a declared output. `file` is unique in the step; the same inputs must give the same bytes. */
  output(name: string, file: string, body: Uint8Array, contentType?: string): Promise<ObjectReference>;
  /** As `output`, into `results/<pipeline>/<run>/<file>`, where people and other systems look. */
  publish(name: string, file: string, body: Uint8Array, contentType?: string): Promise<ObjectReference>;
  /** Says what the work ran on, where it is not the processor with one thread. */
  ranOn(device: Device): void;
  /** Aborted at the deadline and when the caller is gone. Reading and storing check it; long work should too. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Small facts of a step for its manifest's `data`: conditions and people read them. No PHI. */
export type StepData = Record<string, unknown>;

/** What an operator declares: its name in `stack.yml`, its documented parameters, inputs, models and outputs. */
export interface OperatorDefinition<Schema extends z.ZodObject> {
  readonly name: string;
  /** Raise it whenever the outputs for the same inputs change: it is part of the input digest. */
  readonly version: string;
  /** One sentence. */
  readonly description: string;
  /** Every parameter with `.describe()`; defaults here and nowhere else. */
  readonly parameters: Schema;
  /** Name → what it is, for inputs, models and outputs. */
  readonly inputs: Readonly<Record<string, string>>;
  /** As `inputs`; a step may leave them out, and has no file there then. */
  readonly optionalInputs?: Readonly<Record<string, string>>;
  readonly models?: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /**
   * The work: stateless and deterministic, so that two workers on one step do no harm.
   *
   * @throws {ProblemError} `unprocessable` or `outOfScope` where the input can never work; any other error may be retried
   */
  run(context: StepContext<z.output<Schema>>): Promise<StepData>;
  /** Lets go of what was kept between calls. */
  close?(): Promise<void>;
}

/** An operator whose parameters' type is forgotten: `run` takes raw ones and checks them itself. */
export interface Operator extends Omit<OperatorDefinition<z.ZodObject>, 'run' | 'models' | 'optionalInputs'> {
  readonly optionalInputs: Readonly<Record<string, string>>;
  readonly models: Readonly<Record<string, string>>;
  /** @throws {z.ZodError} the parameters are not valid */
  run(context: StepContext): Promise<StepData>;
}

/**
 * Declares an operator.
 *
 * @example
 * export const negate = defineOperator({
 *   name: 'negate', version: '1.0.0', description: 'Negates an image.',
 *   parameters: z.object({ maximum: z.int().default(255).describe('Value of white.') }),
 *   inputs: { image: 'Bytes.' }, outputs: { image: 'Bytes.' },
 *   async run({ parameters, inputFile, output }) {
 *     const bytes = await inputFile('image').read();
 *     await output('image', 'image.bin', bytes.map((value) => parameters.maximum - value));
 *     return {};
 *   },
 * });
 */
export function defineOperator<Schema extends z.ZodObject>(definition: OperatorDefinition<Schema>): Operator {
  return {
    ...definition,
    models: definition.models ?? {},
    optionalInputs: definition.optionalInputs ?? {},
    run: (context) => definition.run({ ...context, parameters: definition.parameters.parse(context.parameters) }),
  };
}
