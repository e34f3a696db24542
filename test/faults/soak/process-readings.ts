import { readdirSync, readFileSync } from 'node:fs';
import type { FaultWorld } from '../../support/fault-world.ts';
import type { Reading } from './trend.ts';

export const READINGS = ['agentRssBytes', 'inferenceRssBytes', 'agentFiles', 'agentThreads'] as const;
export type ReadingName = (typeof READINGS)[number];
export type Readings = Readonly<Record<ReadingName, readonly Reading[]>>;

const EVERY_MS = 1_000;

/** Looks at the processes of the box every second. */
export interface ProcessWatch {
  /** What was read so far. */
  readings(): Readings;
  stop(): void;
}

export function watchProcesses(world: FaultWorld): ProcessWatch {
  const startedMs = performance.now();
  const readings: Record<ReadingName, Reading[]> = {
    agentRssBytes: [],
    inferenceRssBytes: [],
    agentFiles: [],
    agentThreads: [],
  };
  const look = (): void => {
    const atMin = (performance.now() - startedMs) / 60_000;
    const add = (name: ReadingName, value: number | undefined): void => {
      if (value !== undefined) readings[name].push({ atMin, value });
    };
    const box = world.box();
    const { pid } = box.life();
    add('agentRssBytes', readStatus(pid, 'VmRSS', 1024));
    add('agentThreads', readStatus(pid, 'Threads', 1));
    add('agentFiles', countFiles(pid));
    // Champion and challenger, while there are two: the larger one.
    const sizes = pidsOf(() => box.inferencePids()).flatMap((it) => readStatus(it, 'VmRSS', 1024) ?? []);
    if (sizes.length > 0) add('inferenceRssBytes', Math.max(...sizes));
  };
  const timer = setInterval(look, EVERY_MS);
  return { readings: () => readings, stop: () => clearInterval(timer) };
}

/** @returns undefined when the process is gone */
function readStatus(pid: number, name: string, unit: number): number | undefined {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? undefined : Number(found[1]) * unit;
  } catch {
    return undefined;
  }
}

function countFiles(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function pidsOf(list: () => readonly number[]): readonly number[] {
  try {
    return list();
  } catch {
    return [];
  }
}
