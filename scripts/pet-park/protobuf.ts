/** A protobuf message under construction: fields in the order given. Only what an ONNX file needs. */
export type Field =
  | { readonly kind: 'integer'; readonly number: number; readonly value: number }
  | { readonly kind: 'float'; readonly number: number; readonly value: number }
  | { readonly kind: 'text'; readonly number: number; readonly value: string }
  | { readonly kind: 'bytes'; readonly number: number; readonly value: Uint8Array }
  | { readonly kind: 'message'; readonly number: number; readonly fields: readonly Field[] };

const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Seven bits per byte, the lowest first; non-negative safe integers. */
function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function encodeTag(number: number, wire: number): Uint8Array {
  return encodeVarint(number * 8 + wire);
}

function encodeBytes(number: number, value: Uint8Array): readonly Uint8Array[] {
  return [encodeTag(number, WIRE_BYTES), encodeVarint(value.length), value];
}

function encodeField(field: Field): readonly Uint8Array[] {
  switch (field.kind) {
    case 'integer':
      return [encodeTag(field.number, WIRE_VARINT), encodeVarint(field.value)];
    case 'float':
      return [encodeTag(field.number, WIRE_FIXED32), new Uint8Array(Float32Array.of(field.value).buffer)];
    case 'text':
      return encodeBytes(field.number, new TextEncoder().encode(field.value));
    case 'bytes':
      return encodeBytes(field.number, field.value);
    case 'message':
      return encodeBytes(field.number, encodeMessage(field.fields));
  }
}

export function encodeMessage(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.flatMap(encodeField));
}
