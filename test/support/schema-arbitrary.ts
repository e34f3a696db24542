import fc from 'fast-check';

/** The parts of JSON Schema that the schemas of the contract use. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Values that fit a schema, or nearly: what it does not know is any JSON. */
export function fromSchema(given: object): fc.Arbitrary<unknown> {
  const schema: JsonSchema = given;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fromSchema));
  const make = BY_TYPE[schema.type ?? ''];
  return make === undefined ? fc.jsonValue({ maxDepth: 2 }) : make(schema);
}

const BY_TYPE: Readonly<Record<string, (schema: JsonSchema) => fc.Arbitrary<unknown>>> = {
  object: fromObject,
  array: ({ items = {}, minItems = 0, maxItems = 4 }) =>
    fc.array(fromSchema(items), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(maxItems, 4)),
    }),
  string: fromText,
  integer: ({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }) =>
    fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }),
  number: ({ minimum = 0, maximum = 1e6 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
};

function fromObject({
  properties = {},
  required = [],
  patternProperties = {},
}: JsonSchema): fc.Arbitrary<unknown> {
  const entries = Object.entries(properties).map(([name, child]) => [name, fromSchema(child)] as const);
  const named = fc.record(Object.fromEntries(entries), {
    requiredKeys: required.filter((name) => name in properties),
  } as { requiredKeys: never[] });
  const [free] = Object.values(patternProperties);
  if (free === undefined) return named;
  const others = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fromSchema(free), { maxKeys: 3 });
  return fc.tuple(others, named).map(([other, own]) => ({ ...other, ...own }));
}

function fromText({ pattern, minLength = 0, maxLength = 20 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 20)) });
}
