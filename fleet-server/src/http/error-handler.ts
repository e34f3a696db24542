import type { ErrorReply } from '@watchpost/shared/api/fleet.ts';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { serverError } from '../kernel/errors.ts';

export type ErrorHandler = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Replies with code, message and remedy; causes and stacks stay in the log. */
export function createErrorHandler(log: Logger): ErrorHandler {
  return (thrown, request, reply) => {
    const { code, message, kind } = toAppError(thrown);
    const facts = { requestId: request.id, code };
    if (kind.http >= 500) log.error({ ...facts, err: thrown }, 'request failed');
    else log.debug({ ...facts, detail: message }, 'request refused');
    const body: ErrorReply = { code, message, remedy: kind.remedy, requestId: request.id };
    return reply.code(kind.http).type('application/json; charset=utf-8').send(body);
  };
}

/** Errors of the framework speak of the request only, so their message may be shown; any other may not. */
function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const status = frameworkStatus(thrown);
  if (status === 413) return serverError('BODY_TOO_LARGE', messageOf(thrown), { cause: thrown });
  if (status === 404) return serverError('NOT_FOUND', messageOf(thrown), { cause: thrown });
  if (status >= 400 && status < 500)
    return serverError('REQUEST_INVALID', messageOf(thrown), { cause: thrown });
  return serverError('INTERNAL', 'the server failed', { cause: thrown });
}

/** Codes of the framework and of its plugins begin so; the plugins' are in no list. */
const FRAMEWORK_PREFIX = 'FST_';

function frameworkStatus(thrown: unknown): number {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('statusCode' in thrown)) return 500;
  return String(thrown.code).startsWith(FRAMEWORK_PREFIX) ? Number(thrown.statusCode) : 500;
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
