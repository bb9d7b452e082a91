import { PbfReader, PbfWriter } from 'pbf';

/** Fields of the messages of `onnx.proto`, by number: those that are read or written here. */
const MODEL = { graph: 7, opsetImport: 8 } as const;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, i: 3, ints: 8, type: 20 } as const;
const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const;
const OPSET = { domain: 1, version: 2 } as const;

/** AttributeProto.AttributeType. */
const [INT, INTS] = [2, 7];
/** TensorProto.DataType of 64-bit integers. */
const INT64 = 7;
/** Wire type of what has a length. */
const BYTES = 2;

/** An operation of the graph that is written anew. */
export interface NewNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** An operation as the file has it. */
export interface GraphNode {
  readonly opType: string;
  /** Empty for ONNX's own operations. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Those that are integers, or lists of them. */
  readonly attributes: ReadonlyMap<string, readonly number[]>;
  readonly field: Uint8Array;
}

/** The graph of an ONNX file, as far as it is looked at here; all else is handed on as it is. */
export interface ModelFile {
  /** Version of ONNX's own operations. */
  readonly opset: number;
  readonly nodes: readonly GraphNode[];
  /** Sizes of the stored tensors, by name. */
  readonly stored: ReadonlyMap<string, readonly number[]>;
  /** The file with these nodes instead of its own, and these lists of integers stored besides. */
  withNodes(nodes: readonly (GraphNode | NewNode)[], integers: ReadonlyMap<string, readonly number[]>): Uint8Array;
}

/** Reads an ONNX file. @throws {Error} it is none */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const model = fieldsOf(bytes);
  const graph = model.find(({ number }) => number === MODEL.graph);
  if (graph === undefined) throw new Error('The file has no graph.');
  const parts = fieldsOf(contentOf(graph.field));
  const opsets = model
    .filter(({ number }) => number === MODEL.opsetImport)
    .map(({ field }) => readOpset(contentOf(field)));
  return {
    opset: opsets.find(({ domain }) => domain === '')?.version ?? 0,
    nodes: parts.filter(({ number }) => number === GRAPH.node).map(({ field }) => readNode(field)),
    stored: new Map(parts.filter(({ number }) => number === GRAPH.initializer).map(({ field }) => readSizes(field))),
    withNodes: (nodes, integers) => {
      const rest = parts.filter(({ number }) => number !== GRAPH.node).map(({ field }) => field);
      const made = [
        ...nodes.map((node) => ('field' in node ? node.field : message(GRAPH.node, nodeBytes(node)))),
        ...rest,
        ...[...integers].map(([name, values]) => message(GRAPH.initializer, integerBytes(name, values))),
      ];
      return Buffer.concat(
        model.map((part) => (part === graph ? message(MODEL.graph, Buffer.concat(made)) : part.field)),
      );
    },
  };
}

interface Field {
  readonly number: number;
  /** With its tag. */
  readonly field: Uint8Array;
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new PbfReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.length) {
    const start = reader.pos;
    const tag = reader.readVarint();
    reader.skip(tag);
    if (reader.pos > reader.length) throw new Error('The file breaks off.');
    fields.push({ number: tag >>> 3, field: bytes.subarray(start, reader.pos) });
  }
  return fields;
}

/** What a field with a length holds. */
function contentOf(field: Uint8Array): Uint8Array {
  const reader = new PbfReader(field);
  reader.readVarint();
  return reader.readBytes();
}

function readOpset(bytes: Uint8Array): { domain: string; version: number } {
  return new PbfReader(bytes).readFields(
    (number, opset, reader) => {
      if (number === OPSET.domain) opset.domain = reader.readString();
      if (number === OPSET.version) opset.version = reader.readVarint();
    },
    { domain: '', version: 0 },
  );
}

function readNode(field: Uint8Array): GraphNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const node = { opType: '', domain: '', inputs, outputs };
  const attributes = new Map<string, readonly number[]>();
  new PbfReader(contentOf(field)).readFields((number, into, reader) => {
    if (number === NODE.input) into.inputs.push(reader.readString());
    if (number === NODE.output) into.outputs.push(reader.readString());
    if (number === NODE.opType) into.opType = reader.readString();
    if (number === NODE.domain) into.domain = reader.readString();
    if (number === NODE.attribute) {
      const { name, integers } = readAttribute(reader.readBytes());
      attributes.set(name, integers);
    }
  }, node);
  return { ...node, attributes, field };
}

function readAttribute(bytes: Uint8Array): { name: string; integers: number[] } {
  const integers: number[] = [];
  return new PbfReader(bytes).readFields(
    (number, attribute, reader) => {
      if (number === ATTRIBUTE.name) attribute.name = reader.readString();
      if (number === ATTRIBUTE.i || number === ATTRIBUTE.ints) addIntegers(reader, integers);
    },
    { name: '', integers },
  );
}

function readSizes(field: Uint8Array): [string, number[]] {
  const dims: number[] = [];
  const { name } = new PbfReader(contentOf(field)).readFields(
    (number, tensor, reader) => {
      if (number === TENSOR.dims) addIntegers(reader, dims);
      if (number === TENSOR.name) tensor.name = reader.readString();
    },
    { name: '' },
  );
  return [name, dims];
}

/** One of a list, or all of it (packed). */
function addIntegers(reader: PbfReader, into: number[]): void {
  if (reader.type === BYTES) reader.readPackedVarint(into, true);
  else into.push(reader.readVarint(true));
}

function nodeBytes({ opType, inputs, output, attributes = {} }: NewNode): Uint8Array {
  const writer = new PbfWriter();
  for (const input of inputs) writer.writeStringField(NODE.input, input);
  writer.writeStringField(NODE.output, output);
  writer.writeStringField(NODE.opType, opType);
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new PbfWriter();
    attribute.writeStringField(ATTRIBUTE.name, name);
    if (typeof value === 'number') attribute.writeVarintField(ATTRIBUTE.i, value);
    else for (const one of value) attribute.writeVarintField(ATTRIBUTE.ints, one);
    attribute.writeVarintField(ATTRIBUTE.type, typeof value === 'number' ? INT : INTS);
    writer.writeBytesField(NODE.attribute, attribute.finish());
  }
  return writer.finish();
}

function integerBytes(name: string, values: readonly number[]): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(TENSOR.dims, values.length);
  writer.writeVarintField(TENSOR.dataType, INT64);
  writer.writeStringField(TENSOR.name, name);
  writer.writeBytesField(TENSOR.rawData, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  return writer.finish();
}

function message(number: number, bytes: Uint8Array): Uint8Array {
  const writer = new PbfWriter();
  writer.writeBytesField(number, bytes);
  return writer.finish();
}
