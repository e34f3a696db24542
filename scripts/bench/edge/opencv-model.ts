import { encodeMessage, type Field } from '../../pet-park/protobuf.ts';

/** A field of a protobuf message as it lies on the wire. */
interface WireField {
  readonly number: number;
  readonly wire: number;
  /** Of a varint. */
  readonly value: number;
  /** Of everything else. */
  readonly bytes: Uint8Array;
}

const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { input: 1, opType: 4 } as const;
const TENSOR = { floatData: 4, name: 8, rawData: 9 } as const;
const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;
/** Of what follows the key, by wire type. */
const FIXED_BYTES: Readonly<Record<number, number>> = { [VARINT]: 0, 1: 8, [FIXED32]: 4 };

/**
 * The same model for OpenCV 4.6, which Debian has: it reads the bounds of `Clip` as attributes, as ONNX had them
 * before opset 11. Nothing else is changed.
 */
export function withClipAttributes(model: Uint8Array): Uint8Array {
  return encodeMessage(
    readFields(model).map((field) =>
      field.number === MODEL_GRAPH ? asBytes(field.number, rewriteGraph(field.bytes)) : keep(field),
    ),
  );
}

function rewriteGraph(graph: Uint8Array): Uint8Array {
  const fields = readFields(graph);
  const constants = new Map(
    fields.filter(({ number }) => number === GRAPH.initializer).map(({ bytes }) => readConstant(bytes)),
  );
  return encodeMessage(
    fields.map((field) =>
      field.number === GRAPH.node ? asBytes(field.number, rewriteNode(field.bytes, constants)) : keep(field),
    ),
  );
}

function rewriteNode(node: Uint8Array, constants: ReadonlyMap<string, number>): Uint8Array {
  const fields = readFields(node);
  const isClip = fields.some(({ number, bytes }) => number === NODE.opType && textOf(bytes) === 'Clip');
  const [, ...bounds] = fields.filter(({ number }) => number === NODE.input);
  if (!isClip || bounds.length === 0) return node;
  const attributes = ['min', 'max'].flatMap((name, at) => {
    const value = constants.get(textOf(bounds[at]?.bytes ?? new Uint8Array()));
    return value === undefined ? [] : [floatAttribute(name, value)];
  });
  return encodeMessage([...fields.filter((field) => !bounds.includes(field)).map(keep), ...attributes]);
}

/** onnx.proto: name 1, f 2, type 20 (1 is FLOAT), as field 5 of a node. */
const floatAttribute = (name: string, value: number): Field => ({
  kind: 'message',
  number: 5,
  fields: [
    { kind: 'text', number: 1, value: name },
    { kind: 'float', number: 2, value },
    { kind: 'integer', number: 20, value: 1 },
  ],
});

/** Name and first value. */
function readConstant(tensor: Uint8Array): readonly [string, number] {
  const fields = readFields(tensor);
  const find = (wanted: number): Uint8Array =>
    fields.find(({ number }) => number === wanted)?.bytes ?? new Uint8Array();
  const data = [find(TENSOR.rawData), find(TENSOR.floatData)].find(({ length }) => length >= 4);
  const value = data === undefined ? 0 : Buffer.from(data).readFloatLE(0);
  return [textOf(find(TENSOR.name)), value];
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const asBytes = (number: number, value: Uint8Array): Field => ({ kind: 'bytes', number, value });

function keep({ number, wire, value, bytes }: WireField): Field {
  if (wire === VARINT) return { kind: 'integer', number, value };
  if (wire === FIXED32) return { kind: 'float', number, value: Buffer.from(bytes).readFloatLE(0) };
  return asBytes(number, bytes);
}

/** @throws TypeError for groups, which ONNX does not use */
function readFields(message: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const readVarint = (): number => {
    let [value, factor] = [0, 1];
    for (let byte = 128; byte >= 128; factor *= 128) {
      byte = message[at++] ?? 0;
      value += (byte % 128) * factor;
    }
    return value;
  };
  while (at < message.length) {
    const key = readVarint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    const value = wire === VARINT || wire === BYTES ? readVarint() : 0;
    const length = wire === BYTES ? value : FIXED_BYTES[wire];
    if (length === undefined) throw new TypeError('a group in a protobuf message');
    fields.push({ number, wire, value, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}
