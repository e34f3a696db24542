import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import { type CommandReply, MAX_RESULT_CHARS } from '@watchpost/shared/messages/command.ts';
import type { CommandOutcome } from './port.ts';

const MAX_DETAIL_CHARS = 2_048;

/** @param outcome of a command that was carried out */
export function composeReply(id: string, { result, failure }: CommandOutcome): CommandReply {
  if (result !== undefined && JSON.stringify(result).length > MAX_RESULT_CHARS)
    return refuse(id, 'failed', { code: 'MESSAGE_INVALID', message: 'the result is too long for a message' });
  return {
    id,
    state: failure === undefined ? 'done' : 'failed',
    ...(failure && { code: failure.code, detail: failure.detail.slice(0, MAX_DETAIL_CHARS) }),
    ...(result && { result: { ...result } }),
  };
}

/** What keeps a command from being begun, or from its end. */
export function refuse(
  id: string,
  state: 'failed' | 'refused' | 'expired',
  { code, message }: Pick<AppError, 'code' | 'message'>,
): CommandReply {
  return { id, state, code, detail: message.slice(0, MAX_DETAIL_CHARS) };
}
