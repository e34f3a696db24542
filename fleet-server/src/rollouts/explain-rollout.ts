import { gatesInForce } from '@watchpost/shared/rollout/policy.ts';
import type { RolloutRecord } from '../store/port.ts';
import type { GateVerdict, Group, RolloutPlan, RolloutSnapshot } from './rollout-snapshot.ts';
import { isInWork, isRestored, isRestoring, isWaitingForQuiet, type Tally, tally } from './rollout-tally.ts';
import { endsAtMs, softUntilMs } from './rollout-times.ts';
import { countOf, HOLD_WORDS, percentOf, timeOf } from './rollout-words.ts';

export interface Explained {
  readonly rollout: Pick<RolloutRecord, 'state' | 'why' | 'createdBy'>;
  readonly groupNames: readonly string[];
  readonly snapshot: RolloutSnapshot;
  readonly plan: RolloutPlan;
  readonly verdicts: readonly GateVerdict[];
  /** Codes of failures and rejections, with how many devices told them. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Why devices are left to other rollouts, with how many are. */
  readonly leftAlone: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** Why a rollout does not go on, in words, the most telling first. */
export function explainRollout(given: Explained): readonly string[] {
  const { rollout, snapshot } = given;
  const { createdBy, why } = rollout;
  switch (rollout.state) {
    case 'creating':
      return ['It is being made.'];
    case 'waiting_for_approval':
      return [`It waits for somebody else than ${createdBy} to approve it.`];
    case 'ready':
      return ['It is ready, and waits for somebody to start it.'];
    case 'scheduled':
      return [`It starts at ${timeOf(snapshot.startAtMs ?? 0)}.`];
    case 'running':
      return [
        ...explainGroup(given),
        ...explainQuiet(given),
        ...explainHolds(given),
        ...explainLeftAlone(given),
        ...explainReasons(given),
        explainEnd(given),
      ];
    case 'paused':
      return [
        `It is paused: ${why}.`,
        ...explainQuiet(given),
        ...explainLeftAlone(given),
        ...explainReasons(given),
        'Resume lets it go on, and its failures so far count no more; rollback takes devices back.',
      ];
    case 'stopping':
      return [
        `It stops (${why}): ${countOf(countAll(snapshot).inWork, 'device')} still in work.`,
        ...explainQuiet(given),
      ];
    case 'rolling_back':
      return [explainReturn(given), ...explainHolds(given)];
    default:
      return [`It is over (${rollout.state}): ${why}.`, ...explainLeftAlone(given)];
  }
}

const countAll = ({ members, policy }: RolloutSnapshot): Tally => tally(members, policy);

function explainGroup(given: Explained): readonly string[] {
  const { snapshot, groupNames } = given;
  const group = snapshot.groups.find(({ state }) => state !== 'finished');
  if (group === undefined) return ['Every group is finished; late devices may still come.'];
  const counts = tally(
    snapshot.members.filter((member) => member.group === group.index),
    snapshot.policy,
  );
  const { succeeded, failed, inWork, waiting, total } = counts;
  const place = `Group ${group.index + 1} of ${snapshot.groups.length} (${groupNames[group.index]})`;
  const standing = `${succeeded} of ${total} succeeded, ${failed} failed, ${inWork} in work, ${waiting} wait`;
  return [
    `${place} is ${group.state}: ${standing}.`,
    ...(group.state === 'soaking' ? explainSoak(given, group) : [explainThreshold(given, counts)]),
  ];
}

/** Orders that are given are carried out, whatever becomes of the rollout meanwhile. */
function explainQuiet({ rollout, snapshot: { members, policy } }: Explained): readonly string[] {
  const waiting = members.filter((member) => isInWork(member) && isWaitingForQuiet(member));
  if (waiting.length === 0) return [];
  const latestMs = waiting.reduce((latest, member) => Math.max(latest, softUntilMs(policy, member)), 0);
  const line =
    `${countOf(waiting.length, 'device')} to install as soon as no camera sees anything, ` +
    `the last at ${timeOf(latestMs)}`;
  return rollout.state === 'running'
    ? [`${line}; nobody waits for them.`]
    : [`${line}, all the same; rollback calls them back.`];
}

function explainThreshold({ snapshot: { policy } }: Explained, counts: Tally): string {
  const { executed, succeeded, eligible, inWork } = counts;
  const least = Math.min(policy.minExecuted, eligible);
  if (executed < least) {
    return `Too few were executed to judge it: ${executed} of at least ${least}.`;
  }
  if (executed === 0) return 'No device was executed yet.';
  const share = succeeded / executed;
  const isEnough = share >= policy.successThreshold;
  if (isEnough) {
    const rest = inWork > 0 ? `the ${inWork} in work` : 'those that can go on now';
    return `${percentOf(share)} of the executed succeeded, which is enough; it soaks after ${rest}.`;
  }
  return `${percentOf(share)} of the executed succeeded; ${percentOf(policy.successThreshold)} are needed.`;
}

function explainSoak({ snapshot, verdicts, nowMs }: Explained, group: Group): readonly string[] {
  const { policy } = snapshot;
  const endMs = (group.soakingSinceMs ?? nowMs) + policy.soakSeconds * 1000;
  const soak = nowMs < endMs ? [`It soaks until ${timeOf(endMs)}.`] : [];
  const gates = gatesInForce(policy).flatMap(({ gate }) => {
    const found = verdicts.find((verdict) => verdict.gate === gate);
    if (found?.verdict === 'pass') return [];
    return [`Gate ${gate} is ${found?.verdict ?? 'open'}: ${found?.why ?? 'it was not asked yet'}.`];
  });
  const isLeftOut = policy.gates.length > 0 && policy.type === 'download_only';
  const leftOut = isLeftOut ? ['Its gates are not asked: they judge what runs, and this is only kept.'] : [];
  return [...soak, ...gates, ...leftOut];
}

function explainHolds({ plan, nowMs }: Explained): readonly string[] {
  const lines = [...plan.held].map(
    ([hold, devices]) => `${countOf(devices.length, 'device')} held back: ${HOLD_WORDS[hold]}.`,
  );
  const { wakeAtMs } = plan;
  const isSoon = wakeAtMs !== undefined && wakeAtMs > nowMs;
  return isSoon && lines.length > 0
    ? [...lines, `It looks again at ${timeOf(wakeAtMs)}, or on news.`]
    : lines;
}

function explainReasons({ reasons }: Explained): readonly string[] {
  const told = [...reasons].sort(([, one], [, other]) => other - one).slice(0, 5);
  if (told.length === 0) return [];
  return [`Not taken by: ${told.map(([code, devices]) => `${code} (${devices})`).join(', ')}.`];
}

const explainLeftAlone = ({ leftAlone }: Explained): readonly string[] =>
  Array.from(leftAlone, ([why, devices]) => `${countOf(devices, 'device')} left alone: ${why}.`);

const explainEnd = ({ snapshot }: Explained): string =>
  `Devices that have not come by ${timeOf(endsAtMs(snapshot))} are timed out.`;

function explainReturn({ rollout, snapshot }: Explained): string {
  const { members, policy } = snapshot;
  if (policy.type === 'download_only') {
    const left = countOf(countAll(snapshot).inWork, 'device');
    return `It is taken back (${rollout.why}): nothing of it ran, so nobody is sent back; ${left} still in work.`;
  }
  const back = members.filter(isRestored).length;
  const onTheWay = members.filter(isRestoring).length;
  return `It goes back (${rollout.why}): ${countOf(back, 'device')} back, ${onTheWay} on the way.`;
}
