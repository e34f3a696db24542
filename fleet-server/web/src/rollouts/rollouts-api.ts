import type { ModelList, ModelVersionView } from '@watchpost/shared/api/models.ts';
import type {
  RolloutExplanation,
  RolloutGroupView,
  RolloutJournalEntry,
  RolloutJournalPage,
  RolloutList,
  RolloutMemberPage,
  RolloutMemberView,
  RolloutPlanRequest,
  RolloutPreview,
  RolloutRequest,
  RolloutSummary,
  RolloutView,
} from '@watchpost/shared/api/rollouts.ts';
import type { FilterPreview } from '@watchpost/shared/api/targeting.ts';
import type { Static } from 'typebox';
import type { Api } from '../api/client.ts';

export type {
  FilterPreview,
  ModelVersionView,
  RolloutExplanation,
  RolloutGroupView,
  RolloutJournalEntry,
  RolloutMemberView,
  RolloutPreview,
  RolloutSummary,
  RolloutView,
};

const PAGE = 50;
const JOURNAL_PAGE = 1000;
const PREVIEW_DEVICES = 5;

/** A page of rollouts, newest first. */
export const loadRollouts = (
  api: Api,
  before: number | undefined,
  signal: AbortSignal,
): Promise<RolloutList> =>
  api.get(`rollouts?limit=${PAGE}${before === undefined ? '' : `&before=${before}`}`, signal);

export const loadRollout = (api: Api, id: string, signal: AbortSignal): Promise<RolloutView> =>
  api.get(`rollouts/${id}`, signal);

export const loadExplanation = (api: Api, id: string, signal: AbortSignal): Promise<RolloutExplanation> =>
  api.get(`rollouts/${id}/explain`, signal);

/** What was written after entry `after`, oldest first. */
export async function loadJournal(
  api: Api,
  id: string,
  after: number,
  signal: AbortSignal,
): Promise<readonly RolloutJournalEntry[]> {
  const entries: RolloutJournalEntry[] = [];
  let next: number | undefined = after;
  while (next !== undefined) {
    const path: string = `rollouts/${id}/journal?after=${next}&limit=${JOURNAL_PAGE}`;
    const page: RolloutJournalPage = await api.get<RolloutJournalPage>(path, signal);
    entries.push(...page.entries);
    next = page.next;
  }
  return entries;
}

/** The first devices, of a group and in a state where these are not empty. */
export function loadMembers(
  api: Api,
  id: string,
  query: { readonly group: string; readonly state: string; readonly limit: number },
  signal: AbortSignal,
): Promise<RolloutMemberPage> {
  const search = new URLSearchParams({ limit: String(query.limit) });
  if (query.group !== '') search.set('group', query.group);
  if (query.state !== '') search.set('state', query.state);
  return api.get(`rollouts/${id}/members?${search}`, signal);
}

/** Does something to a rollout: `pause`, `rollback`, … */
export const actOnRollout = (api: Api, id: string, action: string, note: string): Promise<RolloutView> =>
  api.post(`rollouts/${id}/${action}`, note === '' ? {} : { note });

export const planRollout = (api: Api, request: RolloutPlanRequest): Promise<RolloutPreview> =>
  api.post('rollouts/plan', request);

export const createRollout = (
  api: Api,
  request: Partial<RolloutRequest> & Pick<RolloutRequest, 'name'>,
): Promise<RolloutView> => api.post('rollouts', request);

export const previewFilter = (api: Api, filter: string, signal: AbortSignal): Promise<FilterPreview> =>
  api.post('filters/preview', { filter, limit: PREVIEW_DEVICES }, signal);

/** The versions boxes may be given. */
export async function loadReleased(api: Api, signal: AbortSignal): Promise<readonly ModelVersionView[]> {
  const { versions } = await api.get<Static<typeof ModelList>>('models', signal);
  return versions.filter(({ state }) => state === 'released');
}
