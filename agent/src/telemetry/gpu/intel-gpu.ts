import { basename } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { GpuReading, GpuSource } from '../port.ts';
import { parseNumber } from '../sys/parse-number.ts';
import type { SysFiles } from '../sys/sys-files.ts';
import { computeAwake01, type Residency } from './gpu-parse.ts';

const INTEL = '0x8086';

/** One engine block of a card: a card with a media block of its own has two. */
interface Block {
  /** Milliseconds it slept. */
  readonly residency: string;
  /** MHz it runs at now, and may run at. */
  readonly frequency: string;
  readonly maxFrequency: string;
}

interface Card {
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** Graphics of Intel by the counters of the i915 and xe drivers: a load is the share of the time it was awake. */
export function createIntelGpu(files: SysFiles, clock: Pick<Clock, 'monotonicMs'>): GpuSource {
  let cards: Promise<readonly Card[]> | undefined;
  const before = new Map<string, Residency>();

  const readAwake01 = async ({ residency }: Block): Promise<number | undefined> => {
    const sleptMs = parseNumber(await files.read(residency));
    if (sleptMs === undefined) return undefined;
    const after = { sleptMs, atMs: clock.monotonicMs() };
    const awake01 = computeAwake01(before.get(residency), after);
    before.set(residency, after);
    return awake01;
  };

  const readCard = async ({ name, blocks }: Card): Promise<GpuReading> => {
    const loads = (await Promise.all(blocks.map(readAwake01))).flatMap((load01) => load01 ?? []);
    const [first] = blocks;
    const frequencyMhz = parseNumber(await files.read(first?.frequency ?? ''));
    const maxFrequencyMhz = parseNumber(await files.read(first?.maxFrequency ?? ''));
    return {
      name,
      ...(loads.length > 0 && { load01: Math.max(...loads) }),
      ...(frequencyMhz !== undefined && { frequencyMhz }),
      ...(maxFrequencyMhz !== undefined && { maxFrequencyMhz }),
    };
  };

  return {
    read: async () => {
      cards ??= findCards(files);
      return Promise.all((await cards).map(readCard));
    },
  };
}

async function findCards(files: SysFiles): Promise<readonly Card[]> {
  const folders = await files.list('sys/class/drm', /^card\d+$/);
  const cards = folders.map(async (folder): Promise<readonly Card[]> => {
    if ((await files.read(`${folder}/device/vendor`)) !== INTEL) return [];
    const blocks = await findBlocks(files, folder);
    const name = `Intel GPU ${basename(folder)}`;
    return blocks.length === 0 ? [] : [{ name, blocks }];
  });
  return (await Promise.all(cards)).flat();
}

async function findBlocks(files: SysFiles, card: string): Promise<readonly Block[]> {
  const [i915, xe] = await Promise.all([
    files.list(`${card}/gt`, /^gt\d+$/),
    files.list(`${card}/device/tile0`, /^gt\d+$/),
  ]);
  const blocks = [
    ...i915.map((gt) => ({
      residency: `${gt}/rc6_residency_ms`,
      frequency: `${gt}/rps_act_freq_mhz`,
      maxFrequency: `${gt}/rps_RP0_freq_mhz`,
    })),
    ...xe.map((gt) => ({
      residency: `${gt}/gtidle/idle_residency_ms`,
      frequency: `${gt}/freq0/act_freq`,
      maxFrequency: `${gt}/freq0/rp0_freq`,
    })),
  ];
  if (blocks.length > 0) return blocks;
  // Older kernels know one block, in the folder of the card.
  const old = {
    residency: `${card}/power/rc6_residency_ms`,
    frequency: `${card}/gt_act_freq_mhz`,
    maxFrequency: `${card}/gt_RP0_freq_mhz`,
  };
  return (await files.read(old.frequency)) === '' ? [] : [old];
}
