import { readFile } from 'node:fs/promises';
import { findSchemaProblems } from '@watchpost/shared/config/find-problems.ts';
import { Default } from 'typebox/value';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { serverError } from '../kernel/errors.ts';
import { type FileProblem, FleetFile } from './fleet-file.ts';

export interface ReadFleetFile {
  readonly wanted: FleetFile;
  /** One error for all problems, each with its line and place. */
  refuse(problems: readonly FileProblem[]): Error;
}

/** @throws AppError FILE_UNREADABLE | FLEET_FILE_INVALID naming every problem with its line */
export async function readFleetFile(path: string): Promise<ReadFleetFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `the file ${path} cannot be read`, { cause });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw serverError('FLEET_FILE_INVALID', `${path}: ${fault.message.split('\n', 1)[0]}`, { cause: fault });
  const lineOf = (place: readonly string[]): string => {
    const node = document.getIn(place, true);
    const at = isNode(node) ? node.range?.[0] : undefined;
    return at === undefined ? '' : `:${lines.linePos(at).line}`;
  };
  const refuse = (problems: readonly FileProblem[]): Error =>
    serverError(
      'FLEET_FILE_INVALID',
      problems
        .map((problem) => `${path}${lineOf(problem.path)}: ${problem.path.join('.')}: ${problem.message}`)
        .join('\n'),
    );
  const wanted = Default(FleetFile, document.toJS() ?? {});
  const problems = findSchemaProblems(FleetFile, wanted);
  if (problems.length > 0)
    throw refuse(problems.map((problem) => ({ path: readPointer(problem.path), message: problem.message })));
  return { wanted: wanted as FleetFile, refuse };
}

const readPointer = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .filter((part) => part !== '')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
