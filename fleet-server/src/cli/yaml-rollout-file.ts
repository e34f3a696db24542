import { readFile } from 'node:fs/promises';
import { RolloutRequest } from '@watchpost/shared/api/rollouts.ts';
import { findSchemaProblems } from '@watchpost/shared/config/find-problems.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import Type from 'typebox';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { serverError } from '../kernel/errors.ts';
import type { RolloutWish } from './rollout-flags.ts';

const closed = { additionalProperties: false } as const;
/** `Type.Partial` forgets that an object is closed, unless it is told again. */
const RolloutFile = Type.Partial(
  Type.Object({ ...RolloutRequest.properties, policy: Type.Partial(RolloutPolicy, closed) }),
  closed,
);

/** YAML, and JSON with it. @throws AppError FILE_UNREADABLE | ROLLOUT_INVALID naming every problem with its line */
export async function readRolloutFile(path: string): Promise<RolloutWish> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `the file ${path} cannot be read`, { cause });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw serverError('ROLLOUT_INVALID', `${path}: ${fault.message.split('\n', 1)[0]}`, { cause: fault });
  const wish: unknown = document.toJS() ?? {};
  const problems = findSchemaProblems(RolloutFile, wish).map(({ path: pointer, message }) => {
    const place = pointer.split('/').filter((part) => part !== '');
    const node = document.getIn(place, true);
    const at = isNode(node) ? node.range?.[0] : undefined;
    const line = at === undefined ? '' : `:${lines.linePos(at).line}`;
    return `${path}${line}: ${place.join('.')}${place.length > 0 ? ': ' : ''}${message}`;
  });
  if (problems.length > 0) throw serverError('ROLLOUT_INVALID', problems.join('\n'));
  return wish as RolloutWish;
}
