import type { SysFiles } from './sys-files.ts';
import {
  isSlowingDevice,
  judgeThrottleCounts,
  mergeReasons,
  parsePiThrottled,
  type ThrottleReasons,
} from './throttle-parse.ts';

/** Tells what slows this box down, as its firmware, its processor and its kernel say. */
export interface Throttling {
  read(): Promise<ThrottleReasons>;
}

/** Files that do not come or go while the machine runs. */
interface Places {
  /** What `vcgencmd get_throttled` prints, without starting it. */
  readonly pi: readonly string[];
  /** The voltage alarm of Raspberry Pi kernels that do not have that file. */
  readonly voltage: readonly string[];
  /** By reason: of Intel processors, and of the alarms of a Jetson's supply. */
  readonly counters: ReadonlyMap<string, readonly string[]>;
  /** State of each cooling device that slows down: 0 while it does nothing. */
  readonly cooling: readonly string[];
}

export function createSysThrottling(files: SysFiles): Throttling {
  let places: Promise<Places> | undefined;
  let counted: ReadonlyMap<string, number> | undefined;
  return {
    read: async () => {
      places ??= findPlaces(files);
      const { pi, voltage, counters, cooling } = await places;
      const [firmware, alarms, states, counts] = await Promise.all([
        Promise.all(pi.map(files.read)),
        Promise.all(voltage.map(files.read)),
        Promise.all(cooling.map(files.read)),
        readCounts(files, counters),
      ]);
      const before = counted;
      counted = counts;
      return mergeReasons([
        ...firmware.flatMap((text) => parsePiThrottled(text) ?? []),
        ...alarms.filter(isAbove0).map(() => nowFor('under_voltage')),
        judgeThrottleCounts(before, counts),
        ...states.filter(isAbove0).map(() => nowFor('thermal_cooling')),
      ]);
    },
  };
}

const isAbove0 = (text: string): boolean => Number.parseInt(text, 10) > 0;
const nowFor = (reason: string): ThrottleReasons => ({ now: [reason], sinceBoot: [] });

async function findPlaces(files: SysFiles): Promise<Places> {
  const [firmwares, chips, cores, devices] = await Promise.all([
    findBelow(files, 'sys/devices/platform', /^soc/, /firmware$/),
    files.list('sys/class/hwmon', /^hwmon\d+$/),
    files.list('sys/devices/system/cpu', /^cpu\d+$/),
    files.list('sys/class/thermal', /^cooling_device\d+$/),
  ]);
  const names = await Promise.all(chips.map((chip) => files.read(`${chip}/name`)));
  const types = await Promise.all(devices.map((device) => files.read(`${device}/type`)));
  const chipsOf = (wanted: string) => chips.filter((_, index) => names[index] === wanted);
  const countsOf = async (counter: RegExp): Promise<readonly string[]> =>
    (await Promise.all(chipsOf('soctherm_oc').map((chip) => files.list(chip, counter)))).flat();
  return {
    pi: firmwares.map((folder) => `${folder}/get_throttled`),
    voltage: chipsOf('rpi_volt').map((chip) => `${chip}/in0_lcrit_alarm`),
    counters: new Map([
      // The cores of a package count the same.
      ['package_heat', ['sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count']],
      ['core_heat', cores.map((core) => `${core}/thermal_throttle/core_throttle_count`)],
      // Of a Jetson Orin and later: its first alarm is one of low voltage.
      ['under_voltage', await countsOf(/^oc1_event_cnt$/)],
      ['over_current', await countsOf(/^oc[23]_event_cnt$/)],
    ]),
    cooling: devices
      .filter((_, index) => isSlowingDevice(types[index] ?? ''))
      .map((device) => `${device}/cur_state`),
  };
}

async function findBelow(
  files: SysFiles,
  folder: string,
  outer: RegExp,
  inner: RegExp,
): Promise<readonly string[]> {
  const found = (await files.list(folder, outer)).map((below) => files.list(below, inner));
  return (await Promise.all(found)).flat();
}

/** The sum of each reason; one that this machine does not count is left out. */
async function readCounts(
  files: SysFiles,
  counters: Places['counters'],
): Promise<ReadonlyMap<string, number>> {
  const sums = [...counters].map(async ([reason, paths]) => {
    const counts = (await Promise.all(paths.map(files.read))).map((text) => Number.parseInt(text, 10));
    const told = counts.filter((count) => !Number.isNaN(count));
    return told.length === 0 ? [] : [[reason, told.reduce((sum, count) => sum + count, 0)] as const];
  });
  return new Map((await Promise.all(sums)).flat());
}
