import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { sharedError } from './errors.ts';

/** One violation: a JSON pointer and what is wrong there. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

export type Parse<S extends TSchema> = (input: unknown) => Static<S>;

interface RawProblem {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/**
 * Every violation of `schema`, readable, each place once. Unknown keys are named. It is compiled when it is first asked,
 * for most processes read few of the messages there are.
 */
export function createProblemFinder(schema: TSchema): (input: unknown) => readonly Problem[] {
  let validator: ReturnType<typeof Compile> | undefined;
  return (input) => {
    validator ??= Compile(schema);
    return validator.Check(input) ? [] : readable(validator.Errors(input));
  };
}

function readable(raw: readonly RawProblem[]): readonly Problem[] {
  const byPath = new Map<string, Problem>();
  for (const problem of raw) {
    const path = problem.instancePath === '' ? '/' : problem.instancePath;
    if (problem.keyword === 'additionalProperties') continue;
    const message = problem.keyword === 'boolean' ? 'is not a known key' : withAllowedValues(problem);
    if (!byPath.has(path)) byPath.set(path, { path, message });
  }
  return [...byPath.values()];
}

function withAllowedValues(problem: RawProblem): string {
  const allowed = 'allowedValues' in problem.params ? problem.params.allowedValues : undefined;
  return Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : problem.message;
}

export function listProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => `${problem.path} ${problem.message}`).join('; ');
}

/**
 * A parser for what crosses a process boundary: unknown in, typed out.
 * @throws AppError MESSAGE_INVALID naming `what` and every problem.
 */
export function createParser<S extends TSchema>(schema: S, what: string): Parse<S> {
  const findProblems = createProblemFinder(schema);
  return (input) => {
    const problems = findProblems(input);
    if (problems.length > 0) throw sharedError('MESSAGE_INVALID', `${what}: ${listProblems(problems)}`);
    return input as Static<S>;
  };
}

/** As `createParser`, from the JSON text or bytes of a message. */
export function createJsonParser<S extends TSchema>(
  schema: S,
  what: string,
): (text: string | Uint8Array) => Static<S> {
  const parse = createParser(schema, what);
  return (text) => parse(parseJson(text, what));
}

/** @throws AppError MESSAGE_INVALID when `text` is not JSON. */
export function parseJson(text: string | Uint8Array, what: string): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text));
  } catch (cause) {
    throw sharedError('MESSAGE_INVALID', `${what}: not JSON`, { cause });
  }
}
