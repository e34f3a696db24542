import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { serverError } from '../kernel/errors.ts';

/** A YAML file, and JSON with it, that knows where in it everything stands. */
export interface YamlDocument {
  readonly content: unknown;
  /** `fleet.yaml:3`, of the node at the end of `place`; without a line where there is none. */
  locate(place: readonly string[]): string;
}

/** @param invalid the code for a file that is no YAML @throws AppError FILE_UNREADABLE | `invalid` */
export async function readYamlDocument(
  path: string,
  invalid: 'FLEET_FILE_INVALID' | 'ROLLOUT_INVALID',
): Promise<YamlDocument> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `the file ${path} cannot be read`, { cause });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw serverError(invalid, `${path}: ${fault.message.split('\n', 1)[0]}`, { cause: fault });
  return {
    content: document.toJS() ?? {},
    locate: (place) => {
      const node = document.getIn(place, true);
      const at = isNode(node) ? node.range?.[0] : undefined;
      return at === undefined ? path : `${path}:${lines.linePos(at).line}`;
    },
  };
}

/** The parts of a JSON pointer. */
export const readPointer = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .filter((part) => part !== '')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
