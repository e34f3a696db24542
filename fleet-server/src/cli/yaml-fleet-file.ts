import { findSchemaProblems } from '@watchpost/shared/config/find-problems.ts';
import { Default } from 'typebox/value';
import { serverError } from '../kernel/errors.ts';
import { type FileProblem, FleetFile } from './fleet-file.ts';
import { readPointer, readYamlDocument } from './yaml-document.ts';

export interface ReadFleetFile {
  readonly wanted: FleetFile;
  /** One error for all problems, each with its line and place. */
  refuse(problems: readonly FileProblem[]): Error;
}

/** @throws AppError FILE_UNREADABLE | FLEET_FILE_INVALID naming every problem with its line */
export async function readFleetFile(path: string): Promise<ReadFleetFile> {
  const { content, locate } = await readYamlDocument(path, 'FLEET_FILE_INVALID');
  const refuse = (problems: readonly FileProblem[]): Error =>
    serverError(
      'FLEET_FILE_INVALID',
      problems
        .map((problem) => `${locate(problem.path)}: ${problem.path.join('.')}: ${problem.message}`)
        .join('\n'),
    );
  const wanted = Default(FleetFile, content);
  const problems = findSchemaProblems(FleetFile, wanted);
  if (problems.length > 0)
    throw refuse(problems.map((problem) => ({ path: readPointer(problem.path), message: problem.message })));
  return { wanted: wanted as FleetFile, refuse };
}
