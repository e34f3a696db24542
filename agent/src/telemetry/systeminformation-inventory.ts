import { arch, cpus, type as osType, release, totalmem } from 'node:os';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import { cpu, graphics, osInfo, system } from 'systeminformation';
import type { Inventory } from './port.ts';

/** The library starts child processes, and one of them may hang: what is late is left out. */
const LIMIT_MS = 5000;

/** @param limitMs for all questions together */
export function createSysteminformationInventory(limitMs = LIMIT_MS): Inventory {
  return { read: () => readHardware(limitMs) };
}

async function readHardware(limitMs: number): Promise<Hardware> {
  const limit = new AbortController();
  const late = waitMs(limitMs, limit.signal).then(() => undefined);
  const inTime = <T>(question: Promise<T>): Promise<T | undefined> =>
    Promise.race([question.catch(() => undefined), late]);
  const [board, processor, system_, cards] = await Promise.all([
    inTime(system()),
    inTime(cpu()),
    inTime(osInfo()),
    inTime(graphics()),
  ]);
  limit.abort();
  const cores = cpus();
  return {
    board: join(board?.manufacturer, board?.model) || 'unknown',
    cpu: join(processor?.manufacturer, processor?.brand) || cores[0]?.model || 'unknown',
    cores: Math.max(1, cores.length),
    memoryBytes: totalmem(),
    os: join(system_?.distro, system_?.release) || join(osType(), release()),
    arch: arch(),
    gpu: (cards?.controllers ?? []).map(({ vendor, model }) => join(vendor, model)).filter(Boolean),
  };
}

/** `NVIDIA` and `NVIDIA A2` make `NVIDIA A2`. */
function join(maker = '', name = ''): string {
  const isNamedTwice = name.toLowerCase().startsWith(maker.toLowerCase());
  return (isNamedTwice ? name : `${maker} ${name}`).trim();
}
