import type { RolloutJournalEntry, RolloutSummary, RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { SOFT_HOURS } from '@watchpost/shared/rollout/policy.ts';
import { HOLD_WORDS } from '../rollouts/rollout-words.ts';
import { formatSecond, printable } from './deployment-text.ts';
import { BAR_LEGEND, countExecuted, countOut, drawBar } from './rollout-bar.ts';
import { formatSeconds } from './rollout-durations.ts';
import { fitTable, formatTable, wrapText } from './table.ts';

type Policy = RolloutView['policy'];

const WIDTH = 100;
const BAR_WIDTH = 14;
const GROUP_WIDTH = 12;
const FACT_WIDTH = 12;

export const stateText = (state: string): string => state.replaceAll('_', ' ');
const percent = (share01: number): string => `${Number((share01 * 100).toFixed(1))} %`;
const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

/** A rollout with its groups, and what holds it up. */
export function formatRollout(rollout: RolloutView): string {
  const lines = [
    ...wrapText(`${rollout.name} is ${stateText(rollout.state)}: ${rollout.why}`, WIDTH),
    ...listFacts(rollout).flatMap(formatFact),
    '',
    ...formatGroups(rollout),
    ...formatHolds(rollout),
    ...formatGates(rollout),
  ];
  return lines.map(printable).join('\n');
}

/** What changes while a rollout goes on: drawn over and over. */
export function formatProgress(rollout: RolloutView): string {
  const head = cut(`${rollout.name} is ${stateText(rollout.state)}: ${rollout.why}`, WIDTH);
  return [head, ...formatGroups(rollout), ...formatHolds(rollout), ...formatGates(rollout)]
    .map(printable)
    .join('\n');
}

/** One line for a log: the group whose turn it is, or the whole. */
export function formatCounts({ groups, counts: all }: RolloutView): string {
  const group = groups.find(({ state }) => state !== 'finished');
  const { counts, where } =
    group === undefined
      ? { counts: all, where: 'all groups' }
      : { counts: group.counts, where: `group ${group.number} of ${groups.length} (${group.name})` };
  const parts = [
    `${countExecuted(counts)} of ${counts.total} executed`,
    `${counts.failed} failed`,
    `${counts.inWork} in work`,
    `${counts.waiting} waiting`,
  ];
  return printable(cut(`${where}: ${parts.join(', ')}`, WIDTH));
}

function listFacts(rollout: RolloutView): readonly (readonly [string, string])[] {
  const { id, model, version, bundleDigest, filter, createdBy, createdAtMs, policy, startAtMs } = rollout;
  const thresholds = `success ${percent(policy.successThreshold)}, error ${percent(policy.errorThreshold)}`;
  return [
    ['rollout', id],
    ['model', `${model}@${version}, bundle ${bundleDigest.slice(0, 12)}`],
    ['devices', filter ?? 'every accepted device'],
    ['made', `by ${createdBy} at ${formatSecond(createdAtMs)}`],
    ...(startAtMs === undefined ? [] : [['starts', `at ${formatSecond(startAtMs)}`] as const]),
    ['policy', `${thresholds}, soak ${formatSeconds(policy.soakSeconds)}, on error ${policy.onError}`],
    ...describeType(policy),
  ];
}

function describeType({ type, softHours = SOFT_HOURS }: Policy): readonly (readonly [string, string])[] {
  if (type === 'forced') return [];
  const meaning = {
    soft: `soft: each device installs when no camera sees anything, or ${softHours} h after its order`,
    download_only: 'download only: the bundle is kept on the disk and not run; gates are not asked',
  } as const;
  return [['type', meaning[type]]];
}

const formatFact = ([name, text]: readonly [string, string]): readonly string[] =>
  wrapText(text, WIDTH - FACT_WIDTH).map(
    (line, index) => `${(index === 0 ? `  ${name}` : '').padEnd(FACT_WIDTH)}${line}`,
  );

function formatGroups({ groups, counts }: RolloutView): readonly string[] {
  const header = ['GROUP', 'STATE', 'DEVICES', 'EXECUTED', 'OK', 'FAILED', 'IN WORK', 'WAITING', 'OUT', ''];
  const rows = groups.map((group) => [
    cut(`${group.number}: ${group.name}`, GROUP_WIDTH),
    group.state,
    ...formatNumbers(group.counts),
  ]);
  const total = groups.length > 1 ? [['all', '', ...formatNumbers(counts)]] : [];
  const back = counts.restored > 0 ? [`${counts.restored} devices are back at their own bundle`] : [];
  return [...formatTable(header, [...rows, ...total]).split('\n'), BAR_LEGEND, ...back];
}

function formatNumbers(counts: RolloutView['counts']): readonly string[] {
  const { total, succeeded, failed, inWork, waiting } = counts;
  const numbers = [total, countExecuted(counts), succeeded, failed, inWork, waiting, countOut(counts)];
  return [...numbers.map(String), drawBar(counts, BAR_WIDTH)];
}

function formatHolds({ held }: RolloutView): readonly string[] {
  const words: Readonly<Record<string, string>> = HOLD_WORDS;
  const lines = held.map(({ reason, devices }) => `held: ${devices} devices, ${words[reason] ?? reason}`);
  return lines.flatMap((line) => wrapText(line, WIDTH));
}

const VERDICTS = { pass: 'passes', fail: 'fails', open: 'is open' } as const;

export const formatGates = ({ gates }: Pick<RolloutView, 'gates'>): readonly string[] =>
  gates.flatMap(({ gate, verdict, why }) => wrapText(`gate ${gate} ${VERDICTS[verdict]}: ${why}`, WIDTH));

/** Ids stand last and whole: commands take them. */
export function formatRollouts(rollouts: readonly RolloutSummary[]): string {
  const rows = rollouts.map(({ name, state, model, version, counts, group, groups }) => [
    printable(name),
    stateText(state),
    `${model}@${version}`,
    `${group ?? groups}/${groups}`,
    `${counts.succeeded}/${counts.total}`,
    String(counts.failed),
  ]);
  const idWidth = Math.max(7, ...rollouts.map(({ id }) => id.length));
  const header = ['NAME', 'STATE', 'MODEL', 'GROUP', 'OK', 'FAILED'];
  const lines = fitTable(header, rows, WIDTH - idWidth - 2).split('\n');
  const width = Math.max(...lines.map((line) => line.length));
  const ids = ['ROLLOUT', ...rollouts.map(({ id }) => id)];
  return lines.map((line, index) => `${line.padEnd(width)}  ${ids[index]}`.trimEnd()).join('\n');
}

/** A transition of a rollout, a group or a device. */
export function formatJournalEntry(entry: RolloutJournalEntry): readonly string[] {
  const { atMs, actor, subject, group, deviceId, to, why } = entry;
  const what =
    subject === 'device' ? `device ${deviceId}` : subject === 'group' ? `group ${group}` : 'rollout';
  const by = actor === 'planner' ? '' : ` (${actor})`;
  const time = formatSecond(atMs);
  return wrapText(`${what} ${stateText(to)}${by}: ${why}`, WIDTH - time.length - 2).map((line, index) =>
    printable(`${(index === 0 ? time : '').padEnd(time.length)}  ${line}`),
  );
}
