import { COMPARISONS, type Comparison, DEVICE_FIELDS, type Filter, type FilterValue } from './filter.ts';
import { filterError, readTokens, type Token } from './filter-tokens.ts';

/** Deeper or longer conditions are a mistake, or an attack. */
const MAX_CHARS = 4096;
const MAX_DEPTH = 32;

/**
 * `or` binds weakest, then `and`, then `not`. Operators: `== != < <= > >=`, `~` (pattern with `*`), `in (…)`,
 * `not in (…)`, `has field`, `tag:name`, `group:id`. Texts stand in quotes.
 * @throws AppError FILTER_INVALID, naming the place and what was expected there
 */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_CHARS) throw filterError(MAX_CHARS, `a filter has at most ${MAX_CHARS} characters`);
  const reader = new TokenReader(readTokens(text));
  const filter = parseAny(reader, 0);
  if (reader.peek().kind !== 'end') throw reader.expected('"and", "or" or the end');
  return filter;
}

class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', text: '', at: 0 };
  }

  take(): Token {
    const token = this.peek();
    this.#index += 1;
    return token;
  }

  /** Takes the next token where it is this word or symbol. */
  takeIf(kind: 'word' | 'symbol', text: string): boolean {
    const token = this.peek();
    const isIt = token.kind === kind && token.text === text;
    if (isIt) this.#index += 1;
    return isIt;
  }

  takeSymbol(text: string): void {
    if (!this.takeIf('symbol', text)) throw this.expected(`"${text}"`);
  }

  expected(what: string): Error {
    const { at, text, kind } = this.peek();
    return filterError(at, `expected ${what}, found ${kind === 'end' ? 'the end' : `"${text}"`}`);
  }
}

function parseAny(reader: TokenReader, depth: number): Filter {
  return parseChain(reader, 'or', () => parseChain(reader, 'and', () => parseTerm(reader, depth)));
}

function parseChain(reader: TokenReader, word: 'and' | 'or', parseNext: () => Filter): Filter {
  const parts = [parseNext()];
  while (reader.takeIf('word', word)) parts.push(parseNext());
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return { kind: word === 'and' ? 'all' : 'any', of: parts };
}

function parseTerm(reader: TokenReader, depth: number): Filter {
  if (depth > MAX_DEPTH) throw filterError(reader.peek().at, `nested deeper than ${MAX_DEPTH}`);
  if (reader.takeIf('word', 'not')) return { kind: 'not', of: parseTerm(reader, depth + 1) };
  if (reader.takeIf('symbol', '(')) {
    const inner = parseAny(reader, depth + 1);
    reader.takeSymbol(')');
    return inner;
  }
  if (reader.peek().kind === 'tag') return { kind: 'tag', tag: reader.take().text };
  if (reader.peek().kind === 'group') return { kind: 'group', group: reader.take().text };
  if (reader.takeIf('word', 'has')) return { kind: 'has', field: parseField(reader) };
  return parseComparison(reader);
}

function parseComparison(reader: TokenReader): Filter {
  const field = parseField(reader);
  if (reader.takeIf('word', 'in')) return { kind: 'in', field, values: parseList(reader) };
  if (reader.takeIf('word', 'not')) {
    if (!reader.takeIf('word', 'in')) throw reader.expected('"in"');
    return { kind: 'not', of: { kind: 'in', field, values: parseList(reader) } };
  }
  const operator = COMPARISONS.find((candidate) => reader.takeIf('symbol', candidate));
  if (operator === undefined) throw reader.expected(`one of ${COMPARISONS.join(' ')} in`);
  return { kind: 'compare', field, operator, value: parseOperand(reader, operator) };
}

function parseField(reader: TokenReader): string {
  const { kind, text } = reader.peek();
  const isKnown = DEVICE_FIELDS.some((field) => field === text) || /^attrs\.[\w.-]+$/.test(text);
  if (kind !== 'word' || !isKnown) {
    throw reader.expected(`a field (${DEVICE_FIELDS.join(', ')}, attrs.NAME)`);
  }
  return reader.take().text;
}

function parseOperand(reader: TokenReader, operator: Comparison): FilterValue {
  if (operator === '~' && reader.peek().kind !== 'text') throw reader.expected('a pattern in quotes');
  return parseValue(reader);
}

function parseList(reader: TokenReader): readonly FilterValue[] {
  reader.takeSymbol('(');
  const values = [parseValue(reader)];
  while (reader.takeIf('symbol', ',')) values.push(parseValue(reader));
  reader.takeSymbol(')');
  return values;
}

function parseValue(reader: TokenReader): FilterValue {
  const { kind, text } = reader.peek();
  if (kind === 'word' && (text === 'true' || text === 'false')) return reader.take().text === 'true';
  if (kind === 'number') return Number(reader.take().text);
  if (kind !== 'text') throw reader.expected('a value: "text", a number, true or false');
  return reader.take().text;
}
