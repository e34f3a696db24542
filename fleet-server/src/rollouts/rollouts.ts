import type {
  RolloutPreview,
  RolloutRequest,
  RolloutRetryRequest,
  RolloutView,
} from '@watchpost/shared/api/rollouts.ts';
import type { RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import type { AuditActor, AuditLog } from '../audit/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { RolloutJournalDraft, RolloutRecord, RolloutStore, RolloutWhole } from '../store/port.ts';
import { explainRollout } from './explain-rollout.ts';
import type { LiveRollout } from './live-rollout.ts';
import { ACTIVE_STATES, stateOf } from './live-rollout.ts';
import { moveRollout } from './perform-steps.ts';
import type { RolloutActionName, Rollouts } from './port.ts';
import { actOnRollout, listStartStates } from './rollout-actions.ts';
import { type DraftDeps, draftRollout, type RolloutDraft } from './rollout-draft.ts';
import type { RolloutEngine, RolloutLook } from './rollout-engine.ts';
import { previewDraft } from './rollout-preview.ts';
import { OUTRANKED } from './rollout-snapshot.ts';
import { hasSucceeded, isWaitingForQuiet } from './rollout-tally.ts';
import { viewMember, viewRollout, viewSummary } from './rollout-views.ts';
import { createStandingCounts } from './standing-counts.ts';

export interface RolloutsDeps extends DraftDeps {
  readonly store: RolloutStore;
  readonly engine: Pick<RolloutEngine, 'wake' | 'look'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly nowMs: () => number;
}

/** A change that meets one of the engine is made again so often. */
const TRIES = 5;
/** The past of an action, as the audit log names it. */
const DONE: Readonly<Record<RolloutActionName, string>> = {
  approve: 'approved',
  deny: 'denied',
  start: 'started',
  pause: 'paused',
  resume: 'resumed',
  stop: 'stopped',
  rollback: 'rolled_back',
  'skip-group': 'group_skipped',
  retry: 'retried',
};

export function createRollouts(deps: RolloutsDeps): Rollouts {
  const { store, engine } = deps;
  const count = createStandingCounts(store);
  return {
    plan: (request) => preview(deps, request),
    create: (request, actor) => create(deps, request, actor),
    list: async ({ before, limit }) => {
      const { rollouts, next } = await store.list({ limit, ...(before !== undefined && { before }) });
      const views = rollouts.map(async (rollout) =>
        viewSummary(rollout, await store.groups(rollout.id), await count(rollout)),
      );
      return { rollouts: await Promise.all(views), ...(next !== undefined && { next }) };
    },
    show: (id) => show(deps, id),
    members: async (id, { group, state, after, limit }) => {
      await requireRollout(store, id);
      const members = await store.members({
        rolloutId: id,
        ...(group !== undefined && { group: group - 1 }),
        ...(state !== undefined && { state }),
        after: after ?? -1,
        limit,
      });
      const next = members.length === limit ? members.at(-1)?.position : undefined;
      return { members: members.map(viewMember), ...(next !== undefined && { next }) };
    },
    journal: async (id, query) => {
      await requireRollout(store, id);
      const entries = [...(await store.journal({ rolloutId: id, ...query }))];
      const next = entries.length === query.limit ? entries.at(-1)?.seq : undefined;
      return { entries, ...(next !== undefined && { next }) };
    },
    explain: async (id) => {
      const look = await engine.look(id);
      if (look === undefined) throw notFound(id);
      const { name, state } = look.live.rollout;
      return { id, name, state, lines: [...explain(look, deps.nowMs())] };
    },
    act: (id, name, request, actor) => act(deps, id, { name, request, actor }),
  };
}

const notFound = (id: string): Error => serverError('NOT_FOUND', `there is no rollout "${id}"`);

async function requireRollout(store: RolloutStore, id: string): Promise<RolloutRecord> {
  const rollout = await store.find(id);
  if (rollout === undefined) throw notFound(id);
  return rollout;
}

async function show({ store, engine }: RolloutsDeps, id: string): Promise<RolloutView> {
  const rollout = await requireRollout(store, id);
  const isActive = ACTIVE_STATES.includes(rollout.state);
  const look = isActive ? await engine.look(id) : undefined;
  const held = look === undefined ? [] : [...look.plan.held];
  return viewRollout(rollout, await store.groups(id), await store.standings(id), {
    held: held.map(([reason, devices]) => ({ reason, devices: devices.length })),
    gates: (look?.verdicts ?? []).map((verdict) => ({ ...verdict })),
  });
}

async function preview(
  deps: RolloutsDeps,
  request: Parameters<Rollouts['plan']>[0],
): Promise<RolloutPreview> {
  const draft = await draftRollout(deps, request);
  const judge = await deps.targeting.admission(draft.bundle.digest);
  const active: RolloutWhole[] = [];
  for (const { id } of await deps.store.listIn(ACTIVE_STATES)) {
    const whole = await deps.store.load(id);
    if (whole !== undefined) active.push(whole);
  }
  return previewDraft(draft, judge, active);
}

async function create(deps: RolloutsDeps, request: RolloutRequest, actor: AuditActor): Promise<RolloutView> {
  const draft = await draftRollout(deps, request);
  const whole = makeRollout(draft, request, {
    id: deps.newId(),
    by: actor.id,
    nowMs: deps.nowMs(),
  });
  await deps.store.add(whole.whole, whole.journal);
  const { id, name, bundleDigest, model, version } = whole.whole.rollout;
  const details = { name, bundleDigest, version: `${model}@${version}`, devices: draft.devices.length };
  await deps.audit.record({ actor, action: 'rollout.created', subject: id, details });
  deps.engine.wake();
  return show(deps, id);
}

function makeRollout(
  draft: RolloutDraft,
  request: RolloutRequest,
  { id, by, nowMs }: { readonly id: string; readonly by: string; readonly nowMs: number },
): { readonly whole: RolloutWhole; readonly journal: readonly RolloutJournalDraft[] } {
  const { bundle, policy, groupPlan, seed, groups } = draft;
  const { name, filter, priority, requiresApproval, startAtMs, start: startsItself } = request;
  const why = `made by ${by}`;
  const made: RolloutRecord = {
    ...{ id, name, bundleDigest: bundle.digest, policy, groupPlan, seed, priority, requiresApproval },
    ...{ model: bundle.manifest.model, version: bundle.manifest.version, startsItself, why },
    state: 'creating',
    createdBy: by,
    createdAtMs: nowMs,
    ...(filter !== undefined && { filter }),
    ...(startAtMs !== undefined && { startAtMs }),
    revision: 1,
  };
  const states: readonly RolloutState[] = requiresApproval
    ? ['waiting_for_approval']
    : ['ready', ...listStartStates(made, nowMs)];
  const entry = { atMs: nowMs, actor: by, subject: 'rollout', why } as const;
  const members = groups.flatMap(({ deviceIds }, group) =>
    deviceIds.map((deviceId) => ({ deviceId, group })),
  );
  return {
    whole: {
      rollout: states.reduce((before, to) => moveRollout(before, to, why, nowMs), made),
      groups: groups.map((group, index) => ({ index, name: group.name, state: 'scheduled' })),
      members: members.map((member, position) => ({
        ...member,
        position,
        ...{ attempts: 0, isRetried: false, isExcused: false, restoreAttempts: 0 },
      })),
    },
    journal: states.map((to) => ({ ...entry, to })),
  };
}

interface Asked {
  readonly name: RolloutActionName;
  readonly request: RolloutRetryRequest;
  readonly actor: AuditActor;
}

async function act(deps: RolloutsDeps, id: string, asked: Asked): Promise<RolloutView> {
  const { name, request, actor } = asked;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const live = await loadLive(deps, id);
    const verdict = actOnRollout(live, { name, by: actor.id, ...request }, deps.nowMs());
    if (verdict.kind === 'refused') throw serverError(verdict.code, verdict.why);
    if (!(await deps.store.apply(verdict.change))) continue;
    const details = { name: live.rollout.name, devices: verdict.change.members.length, ...request };
    await deps.audit.record({ actor, action: `rollout.${DONE[name]}`, subject: id, details });
    deps.engine.wake();
    return show(deps, id);
  }
  throw serverError('ROLLOUT_BUSY', `rollout ${id} moves faster than it can be changed`);
}

async function loadLive({ store }: RolloutsDeps, id: string): Promise<LiveRollout> {
  const whole = await store.load(id);
  if (whole === undefined) throw notFound(id);
  return { ...whole, members: new Map(whole.members.map((member) => [member.deviceId, member])) };
}

function explain({ live, snapshot, plan, verdicts }: RolloutLook, nowMs: number): readonly string[] {
  const reasons = new Map<string, number>();
  const leftAlone = new Map<string, number>();
  for (const member of live.members.values()) {
    const { reason, detail = '' } = member.progress ?? member.end ?? {};
    const state = stateOf(member);
    const isBad = state !== 'pending' && !isWaitingForQuiet({ state }) && !hasSucceeded({ state });
    if (reason === undefined || !isBad) continue;
    if (reason === OUTRANKED) leftAlone.set(detail, (leftAlone.get(detail) ?? 0) + 1);
    else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const { rollout, groups } = live;
  const groupNames = groups.map(({ name }) => name);
  return explainRollout({ rollout, groupNames, snapshot, plan, verdicts, reasons, leftAlone, nowMs });
}
