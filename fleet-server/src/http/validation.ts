import { createProblemFinder, listProblems } from '@watchpost/shared/kernel/parse.ts';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Convert, Default } from 'typebox/value';
import { serverError } from '../kernel/errors.ts';

/**
 * Checks each part of a request by its TypeBox schema and reports every problem of that part. Query and path are
 * text, so numbers in them are read first; defaults are filled in; nothing else is coerced.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const findProblems = createProblemFinder(schema);
  return (given: unknown) => {
    const value = Default(schema, httpPart === 'body' ? given : Convert(schema, given));
    const problems = findProblems(value);
    if (problems.length === 0) return { value };
    return { error: serverError('REQUEST_INVALID', `${httpPart}: ${listProblems(problems)}`) };
  };
};
