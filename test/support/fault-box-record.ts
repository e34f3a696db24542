import { type Committed, keyOfEvent } from './fault-ledger.ts';
import { readCommitted } from './fault-ledger-files.ts';
import type { ProgramLine } from './fault-program.ts';

/** What is known of a box from its log and its outbox file, over all its lives. */
export interface BoxRecord {
  begin(): void;
  read(line: ProgramLine): void;
  /** @param wasOrderly what was logged was committed */
  end(wasOrderly: boolean): void;
  flowing(sinceMs: number): readonly string[];
  committed(): Committed;
  /** Epochs that went on with the numbers of the one before. */
  renewed(): ReadonlySet<string>;
  canCommit(): boolean;
  /** How the agent ended by a bug of its own since then (monotonic milliseconds). */
  bugs(sinceMs: number): readonly string[];
  logged(): readonly string[];
}

interface LoggedEvent {
  readonly key: string;
  readonly camera: string;
  readonly isOpening: boolean;
  readonly seenAtMs: number;
}

/** The agent commits in groups of a second; a message exists from then on. */
const COMMIT_MS = 2_500;

export function createBoxRecord(outbox: string): BoxRecord {
  let past: readonly LoggedEvent[] = [];
  let events: LoggedEvent[] = [];
  /** Kinds of access to the outbox file. */
  const failing = new Set<string>();
  const bugs: ProgramLine[] = [];
  let failingSinceMs: number | undefined;
  let committed: Committed = {};
  const renewed = new Set<string>();

  const look = (): void => {
    committed = mergeCommitted(committed, readCommitted(outbox) ?? {});
  };
  const certain = (): readonly LoggedEvent[] => {
    const untilMs = Math.min(performance.now() - COMMIT_MS, (failingSinceMs ?? Infinity) - COMMIT_MS);
    return events.filter(({ seenAtMs }) => seenAtMs < untilMs);
  };
  const readEvent = (line: ProgramLine): void => {
    const camera = String(line.camera);
    const key = keyOfEvent(line, camera);
    events.push({ key, camera, isOpening: line.type === 'new', seenAtMs: line.seenAtMs });
  };
  return {
    begin: () => {
      failing.clear();
      failingSinceMs = undefined;
    },
    read: (line) => {
      if (line.msg === 'event') readEvent(line);
      if (line.msg === 'agent ends: a bug') bugs.push(line);
      if (line.msg === 'outbox is older than its receipts') renewed.add(String(line.renewed));
      if (line.msg === 'outbox file fails') failing.add(String(line.access));
      if (line.msg === 'outbox file works again') failing.delete(String(line.access));
      failingSinceMs = failing.size === 0 ? undefined : (failingSinceMs ?? line.seenAtMs);
      if (line.msg === 'outbox rows lost at close') failingSinceMs ??= line.seenAtMs;
    },
    end: (wasOrderly) => {
      const isWhole = wasOrderly && failingSinceMs === undefined;
      past = [...past, ...(isWhole ? events : certain())];
      events = [];
      look();
    },
    flowing: (sinceMs) => {
      const opened = [...past, ...events].filter((event) => event.isOpening && event.seenAtMs > sinceMs);
      const byCamera = Map.groupBy(opened, ({ camera }) => camera);
      return [...byCamera].flatMap(([camera, seen]) => (seen.length >= 2 ? [camera] : []));
    },
    committed: () => {
      look();
      return committed;
    },
    renewed: () => renewed,
    bugs: (sinceMs) => bugs.flatMap(({ seenAtMs, stack }) => (seenAtMs > sinceMs ? [String(stack)] : [])),
    canCommit: () => failing.size === 0,
    logged: () => [...past, ...certain()].map(({ key }) => key),
  };
}

function mergeCommitted(before: Committed, now: Committed): Committed {
  const merged: Record<string, Committed[string]> = { ...before };
  for (const [epoch, streams] of Object.entries(now)) {
    const known = merged[epoch] ?? {};
    const higher = Object.entries(streams).map(([stream, seq]) => [
      stream,
      Math.max(seq, known[stream as keyof typeof known] ?? 0),
    ]);
    merged[epoch] = { ...known, ...Object.fromEntries(higher) };
  }
  return merged;
}
