/** One field of a protobuf message: its number and, by its wire type, a number or bytes. */
export interface ProtobufField {
  readonly tag: number;
  readonly number: number;
  /** Of a length-delimited field; a view, not a copy. */
  readonly bytes: Uint8Array | undefined;
}

/** What a hostile file may cost: every field that is looked at takes one. */
export interface FieldBudget {
  left: number;
}

/** The bytes are no protobuf message, or one made to exhaust the reader. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;
/** Some readers drop the bits above: a field hidden from one would be seen by another. */
const MAX_TAG = 2 ** 29 - 1;

/**
 * The fields of one message in their order; messages inside it are not entered.
 * @throws ProtobufError
 */
export function* readFields(bytes: Uint8Array, budget: FieldBudget): Generator<ProtobufField> {
  const cursor = new Cursor(bytes);
  while (!cursor.isAtEnd()) {
    budget.left -= 1;
    if (budget.left < 0) throw new ProtobufError('too many fields');
    yield readField(cursor);
  }
}

function readField(cursor: Cursor): ProtobufField {
  const key = cursor.varint();
  const tag = Math.floor(key / 8);
  if (tag === 0 || tag > MAX_TAG) throw new ProtobufError(`a field has the number ${tag}`);
  switch (key % 8) {
    case VARINT:
      return { tag, number: cursor.varint(), bytes: undefined };
    case LENGTH_DELIMITED:
      return { tag, number: 0, bytes: cursor.take(cursor.varint()) };
    case FIXED64:
      cursor.take(8);
      return { tag, number: 0, bytes: undefined };
    case FIXED32:
      cursor.take(4);
      return { tag, number: 0, bytes: undefined };
    default:
      throw new ProtobufError(`wire type ${key % 8} is not known`);
  }
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Rounded above 2^53, which no length or number of a sound file reaches. */
  varint(): number {
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new ProtobufError('a number is cut off');
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('a number is longer than ten bytes');
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at)
      throw new ProtobufError('a field is longer than what is left');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
