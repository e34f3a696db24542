import type { Sample } from '../telemetry/port.ts';
import { noteIn } from './check.ts';
import { formatBytes } from './diagnose-storage.ts';
import type { Check } from './port.ts';

export interface MachineFacts {
  readonly sample: Pick<Sample, 'temperatures' | 'memory' | 'throttled' | 'throttleReasons' | 'cpu'>;
  readonly cores: number;
  /** Bits of a Raspberry Pi's `get_throttled`. */
  readonly piThrottled?: number;
  /** Processes the kernel ended for want of memory since the start of the machine. */
  readonly oomKills?: number;
  readonly disks: readonly DiskFacts[];
}

export interface DiskFacts {
  readonly name: string;
  /** eMMC: tenths of its life that are over, 1 to 11, the worse of its two kinds of memory. */
  readonly lifeTenths?: number;
  /** Errors the file system met. */
  readonly errors?: number;
}

const note = noteIn('machine');
const WARM_C = 75;
const HOT_C = 85;
const LITTLE_MEMORY = 0.1;
const COOL = 'Check the fan and the heat sink, give it air, and keep it out of the sun.';
const SUPPLY = 'Use the power supply made for this board, and a short, thick cable.';
/** Of `get_throttled`: now, and since the machine started. */
const UNDER_VOLTAGE = { now: 0x1, before: 0x10000 };
/** Clock capped, throttled, soft temperature limit. */
const SLOWED_NOW = 0xe;
const WORN_TENTHS = 9;

export function diagnoseMachine(facts: MachineFacts): readonly Check[] {
  return [
    diagnoseHeat(facts),
    ...diagnoseVoltage(facts.piThrottled),
    diagnoseMemory(facts),
    ...diagnoseOom(facts.oomKills),
    diagnoseLoad(facts),
    ...facts.disks.flatMap(diagnoseDisk),
  ];
}

function diagnoseHeat({ sample, piThrottled }: MachineFacts): Check {
  const { temperatures, throttled, throttleReasons = [] } = sample;
  const hottest = temperatures.toSorted((a, b) => b.celsius - a.celsius)[0];
  const isSlowed = piThrottled === undefined ? throttled : (piThrottled & SLOWED_NOW) !== 0;
  if (isSlowed) {
    const at = hottest === undefined ? '' : ` (${hottest.zone}: ${hottest.celsius.toFixed(0)} C)`;
    const why = throttleReasons.map((reason) => reason.replaceAll('_', ' ')).join(', ');
    const found = `the processor is slowed down to protect itself${at}${why && `: ${why}`}`;
    return note('temperature', 'problem', found, COOL);
  }
  if (hottest === undefined)
    return note('temperature', 'skipped', 'this machine has no sensor that can be read');
  const found = `${hottest.celsius.toFixed(0)} C (${hottest.zone})`;
  if (hottest.celsius >= HOT_C) return note('temperature', 'problem', found, COOL);
  return hottest.celsius >= WARM_C
    ? note('temperature', 'warning', found, COOL)
    : note('temperature', 'ok', found);
}

function diagnoseVoltage(bits: number | undefined): readonly Check[] {
  if (bits === undefined) return [];
  if ((bits & UNDER_VOLTAGE.now) !== 0) return [note('voltage', 'problem', 'too low now', SUPPLY)];
  return (bits & UNDER_VOLTAGE.before) !== 0
    ? [note('voltage', 'warning', 'was too low since the last start', SUPPLY)]
    : [note('voltage', 'ok', 'never too low since the last start')];
}

function diagnoseMemory({ sample: { memory } }: MachineFacts): Check {
  const found = `${formatBytes(memory.availableBytes)} free of ${formatBytes(memory.totalBytes)}`;
  return memory.availableBytes < memory.totalBytes * LITTLE_MEMORY
    ? note('memory', 'warning', found, 'See what takes it (`top`), or use fewer cameras or a smaller model.')
    : note('memory', 'ok', found);
}

function diagnoseOom(kills: number | undefined): readonly Check[] {
  if (kills === undefined || kills === 0) return [];
  const found = `${kills} process${kills === 1 ? ' was' : 'es were'} ended for want of memory since the last start`;
  return [note('out of memory', 'warning', found, 'See `dmesg` for which.')];
}

function diagnoseLoad({ sample: { cpu }, cores }: MachineFacts): Check {
  const found = `load ${cpu.loadAvg1.toFixed(1)} on ${cores} core${cores === 1 ? '' : 's'}`;
  return cpu.loadAvg1 > cores * 1.5
    ? note('load', 'warning', found, 'See what takes it (`top`); use substreams, or lower fps.')
    : note('load', 'ok', found);
}

function diagnoseDisk({ name, lifeTenths, errors = 0 }: DiskFacts): readonly Check[] {
  const wear = lifeTenths === undefined ? [] : [diagnoseWear(name, lifeTenths)];
  if (errors === 0) return wear;
  const found = `the file system on ${name} met ${errors} error${errors === 1 ? '' : 's'}`;
  return [...wear, note('disk', 'problem', found, 'Save what matters and replace the disk or card.')];
}

function diagnoseWear(name: string, tenths: number): Check {
  const found = `${name}: about ${Math.min(100, tenths * 10)} % of its life is over`;
  return tenths >= WORN_TENTHS
    ? note('wear', 'warning', found, 'Replace it soon.')
    : note('wear', 'ok', found);
}
