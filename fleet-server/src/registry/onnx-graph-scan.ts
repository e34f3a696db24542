import { type FieldBudget, ProtobufError, readFields } from './protobuf-reader.ts';

/** What an ONNX file needs of its runtime and of its surroundings, read without running any of it. */
export interface OnnxFacts {
  /** Version of each operator set, by its domain; the standard one is `ai.onnx`. */
  readonly opsets: ReadonlyMap<string, number>;
  /** `domain:operator` of every node that no function in the file defines. */
  readonly operators: ReadonlySet<string>;
  /** Where weights outside the file are said to lie. */
  readonly externalPaths: readonly string[];
}

export type OnnxScan =
  | { readonly kind: 'scanned'; readonly facts: OnnxFacts }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Graphs inside graphs (bodies of If and Loop); real models need three or four. */
const MAX_DEPTH = 32;
/** The largest models known have some hundred thousand fields outside their weights. */
const MAX_FIELDS = 5_000_000;
const STANDARD = 'ai.onnx';

/** Field numbers of onnx.proto3. */
const MODEL = { graph: 7, opset: 8, function: 25 };
const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 };
const NODE = { type: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 };
const FUNCTION = { name: 1, node: 7, opset: 9, domain: 10, attribute: 11 };
const TENSOR = { externalData: 13 };

interface Walk {
  readonly budget: FieldBudget;
  readonly opsets: Map<string, number>;
  readonly operators: Set<string>;
  readonly functions: Set<string>;
  readonly externalPaths: string[];
}

/** Any file may be given, a hostile one too: the work is bounded by its size and by `MAX_FIELDS`. */
export function scanOnnx(bytes: Uint8Array): OnnxScan {
  const walk: Walk = {
    budget: { left: MAX_FIELDS },
    opsets: new Map(),
    operators: new Set(),
    functions: new Set(),
    externalPaths: [],
  };
  try {
    let graphs = 0;
    for (const { tag, bytes: part } of readFields(bytes, walk.budget)) {
      if (part === undefined) continue;
      if (tag === MODEL.graph) graphs += 1;
      scanModelPart(tag, part, walk);
    }
    if (graphs !== 1) return { kind: 'unreadable', reason: `the file holds ${graphs} graphs, not one` };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    return { kind: 'unreadable', reason: error.message };
  }
  const { opsets, externalPaths, functions } = walk;
  const operators = new Set([...walk.operators].filter((name) => !functions.has(name)));
  return { kind: 'scanned', facts: { opsets, operators, externalPaths } };
}

function scanModelPart(tag: number, part: Uint8Array, walk: Walk): void {
  if (tag === MODEL.graph) scanGraph(part, walk, 0);
  else if (tag === MODEL.opset) scanOpset(part, walk);
  else if (tag === MODEL.function) scanFunction(part, walk);
}

function scanOpset(bytes: Uint8Array, { budget, opsets }: Walk): void {
  let domain = '';
  let version = 0;
  for (const field of readFields(bytes, budget)) {
    if (field.tag === 1 && field.bytes !== undefined) domain = decode(field.bytes);
    if (field.tag === 2) version = field.number;
  }
  const name = domain === '' ? STANDARD : domain;
  opsets.set(name, Math.max(version, opsets.get(name) ?? 0));
}

function scanGraph(bytes: Uint8Array, walk: Walk, depth: number): void {
  if (depth > MAX_DEPTH) throw new ProtobufError(`graphs lie deeper than ${MAX_DEPTH} in each other`);
  for (const { tag, bytes: part } of readFields(bytes, walk.budget)) {
    if (part === undefined) continue;
    if (tag === GRAPH.node) scanNode(part, walk, depth);
    else if (tag === GRAPH.initializer) scanTensor(part, walk);
    else if (tag === GRAPH.sparseInitializer) scanSparseTensor(part, walk);
  }
}

function scanNode(bytes: Uint8Array, walk: Walk, depth: number): void {
  let type = '';
  let domain = '';
  for (const { tag, bytes: part } of readFields(bytes, walk.budget)) {
    if (part === undefined) continue;
    if (tag === NODE.type) type = decode(part);
    else if (tag === NODE.domain) domain = decode(part);
    else if (tag === NODE.attribute) scanAttribute(part, walk, depth);
  }
  walk.operators.add(nameOperator(domain, type));
}

function scanAttribute(bytes: Uint8Array, walk: Walk, depth: number): void {
  for (const { tag, bytes: part } of readFields(bytes, walk.budget)) {
    if (part === undefined) continue;
    if (tag === ATTRIBUTE.tensor || tag === ATTRIBUTE.tensors) scanTensor(part, walk);
    else if (tag === ATTRIBUTE.sparse || tag === ATTRIBUTE.sparses) scanSparseTensor(part, walk);
    else if (tag === ATTRIBUTE.graph || tag === ATTRIBUTE.graphs) scanGraph(part, walk, depth + 1);
  }
}

function scanFunction(bytes: Uint8Array, walk: Walk): void {
  let name = '';
  let domain = '';
  for (const { tag, bytes: part } of readFields(bytes, walk.budget)) {
    if (part === undefined) continue;
    if (tag === FUNCTION.name) name = decode(part);
    else if (tag === FUNCTION.domain) domain = decode(part);
    else if (tag === FUNCTION.node) scanNode(part, walk, 0);
    else if (tag === FUNCTION.opset) scanOpset(part, walk);
    else if (tag === FUNCTION.attribute) scanAttribute(part, walk, 0);
  }
  // One that claims a standard operator's name would hide that operator, not itself.
  if (domain !== '' && domain !== STANDARD) walk.functions.add(nameOperator(domain, name));
}

/** Values and indices of a sparse tensor are tensors. */
function scanSparseTensor(bytes: Uint8Array, walk: Walk): void {
  for (const { tag, bytes: part } of readFields(bytes, walk.budget))
    if (part !== undefined && (tag === 1 || tag === 2)) scanTensor(part, walk);
}

function scanTensor(bytes: Uint8Array, walk: Walk): void {
  for (const { tag, bytes: part } of readFields(bytes, walk.budget)) {
    if (part === undefined || tag !== TENSOR.externalData) continue;
    const { key, value } = readEntry(part, walk);
    if (key === 'location') walk.externalPaths.push(value);
  }
}

function readEntry(bytes: Uint8Array, { budget }: Walk): { readonly key: string; readonly value: string } {
  let key = '';
  let value = '';
  for (const { tag, bytes: part } of readFields(bytes, budget)) {
    if (part === undefined) continue;
    if (tag === 1) key = decode(part);
    if (tag === 2) value = decode(part);
  }
  return { key, value };
}

const nameOperator = (domain: string, type: string): string => `${domain === '' ? STANDARD : domain}:${type}`;
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 4096));
