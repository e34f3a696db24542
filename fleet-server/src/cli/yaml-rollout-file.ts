import { RolloutRequest } from '@watchpost/shared/api/rollouts.ts';
import { findSchemaProblems } from '@watchpost/shared/config/find-problems.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import Type from 'typebox';
import { serverError } from '../kernel/errors.ts';
import type { RolloutWish } from './rollout-flags.ts';
import { readPointer, readYamlDocument } from './yaml-document.ts';

const closed = { additionalProperties: false } as const;
/** `Type.Partial` forgets that an object is closed, unless it is told again. */
const RolloutFile = Type.Partial(
  Type.Object({ ...RolloutRequest.properties, policy: Type.Partial(RolloutPolicy, closed) }),
  closed,
);

/** YAML, and JSON with it. @throws AppError FILE_UNREADABLE | ROLLOUT_INVALID naming every problem with its line */
export async function readRolloutFile(path: string): Promise<RolloutWish> {
  const { content, locate } = await readYamlDocument(path, 'ROLLOUT_INVALID');
  const problems = findSchemaProblems(RolloutFile, content).map(({ path: pointer, message }) => {
    const place = readPointer(pointer);
    return [locate(place), ...(place.length > 0 ? [place.join('.')] : []), message].join(': ');
  });
  if (problems.length > 0) throw serverError('ROLLOUT_INVALID', problems.join('\n'));
  return content as RolloutWish;
}
