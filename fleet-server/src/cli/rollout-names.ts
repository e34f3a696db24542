import { RolloutList, type RolloutSummary } from '@watchpost/shared/api/rollouts.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';

const OVER: readonly string[] = ['finished', 'stopped', 'rolled_back', 'approval_denied'];
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PAGE = 50;

export const rolloutPath = (id: string): string => `rollouts/${encodeURIComponent(id)}`;
export const isOver = ({ state }: Pick<RolloutSummary, 'state'>): boolean => OVER.includes(state);

/**
 * By id or by name. Of several with that name the one that is not over is meant, or the newest.
 * @throws AppError NOT_FOUND | USAGE when several of that name are under way
 */
export async function findRollout(api: ApiClient, text: string): Promise<string> {
  if (ID.test(text)) return text;
  const named = (await loadRollouts(api)).filter(({ name, id }) => name === text || id === text);
  const open = named.filter((rollout) => !isOver(rollout));
  if (open.length > 1)
    throw serverError(
      'USAGE',
      `${text} is the name of ${open.map(({ id }) => id).join(' and ')}: give the id`,
    );
  const found = open[0] ?? named[0];
  if (found === undefined) throw serverError('NOT_FOUND', `there is no rollout "${text}"`);
  return found.id;
}

/** Newest first; all, or so many. */
export async function loadRollouts(
  api: ApiClient,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly RolloutSummary[]> {
  const found: RolloutSummary[] = [];
  let before: number | undefined;
  do {
    const search = new URLSearchParams({ limit: String(Math.min(PAGE, limit - found.length)) });
    if (before !== undefined) search.set('before', String(before));
    const page = await api.get(`rollouts?${search}`, RolloutList);
    found.push(...page.rollouts);
    before = page.next;
  } while (before !== undefined && found.length < limit);
  return found;
}
