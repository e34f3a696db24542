import { sharedError } from '../kernel/errors.ts';

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'tag' | 'group' | 'symbol' | 'end';
  /** As it stands; of a text, without its quotes. */
  readonly text: string;
  /** Where it begins; the first character is 1. */
  readonly at: number;
}

const SPACE = /\s+/y;
/** The longest first: `<=` before `<`. */
const PATTERNS: readonly (readonly [kind: Token['kind'], pattern: RegExp])[] = [
  ['tag', /tag:([A-Za-z0-9][A-Za-z0-9._-]*)/y],
  ['group', /group:([a-z0-9][a-z0-9-]*)/y],
  ['text', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y],
  ['number', /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![A-Za-z0-9_.])/y],
  ['word', /[A-Za-z][A-Za-z0-9_.-]*/y],
  ['symbol', /==|!=|<=|>=|[<>~(),]/y],
];

/** @throws AppError FILTER_INVALID with the place */
export function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let index = skipSpace(text, 0);
  while (index < text.length) {
    const token = readToken(text, index);
    tokens.push(token.token);
    index = skipSpace(text, token.endIndex);
  }
  return [...tokens, { kind: 'end', text: '', at: text.length + 1 }];
}

function readToken(text: string, index: number): { readonly token: Token; readonly endIndex: number } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = index;
    const found = pattern.exec(text);
    if (found === null) continue;
    const content = kind === 'text' ? unquote(found[0], index + 1) : (found[1] ?? found[0]);
    return { token: { kind, text: content, at: index + 1 }, endIndex: index + found[0].length };
  }
  const what = text.charAt(index) === '"' || text.charAt(index) === "'" ? 'a text without its end' : 'this';
  throw filterError(index + 1, `${what} cannot be read: ${text.slice(index, index + 20)}`);
}

/** A text in single quotes may hold double ones, and the other way round; escapes are those of JSON. */
function unquote(quoted: string, at: number): string {
  const inner = quoted.slice(1, -1);
  const json = quoted.startsWith("'") ? inner.replaceAll("\\'", "'").replaceAll('"', '\\"') : inner;
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    throw filterError(at, `${quoted} holds an escape that is none`);
  }
}

function skipSpace(text: string, index: number): number {
  SPACE.lastIndex = index;
  return index + (SPACE.exec(text)?.[0].length ?? 0);
}

export function filterError(at: number, what: string): Error {
  return sharedError('FILTER_INVALID', `filter, character ${at}: ${what}`);
}
