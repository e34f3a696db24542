import { readdir, readFile, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { isClockSynced } from '../kernel/sync-marks.ts';
import type { GpuSource, RecentTelemetry, Sample } from './port.ts';
import {
  type CpuTicks,
  computeLoad01,
  type NetworkBytes,
  parseCelsius,
  parseCpuTicks,
  parseLoadAvg1,
  parseMemory,
  parseNetworkBytes,
  parsePressureSome10,
  parseThrottled,
  parseUptimeSec,
} from './proc-parse.ts';

export interface ProcTelemetryOptions {
  /** The folder whose disk counts. */
  readonly dataDir: string;
  readonly gpu: GpuSource;
  /** Where /proc, /sys, /run and /var are looked up. Default: `/`. */
  readonly root?: string;
}

/** Of the Raspberry Pi's firmware: what `vcgencmd get_throttled` prints, without starting it. */
const PI_THROTTLED = 'sys/devices/platform/soc/soc:firmware/get_throttled';
/** Of Intel processors: grows each time the whole package was slowed down by heat. */
const PACKAGE_THROTTLES = 'sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count';

/** Reads /proc and /sys; a file that is missing leaves its field absent, or at its plainest value where it must be. */
export function createProcTelemetry(options: ProcTelemetryOptions): RecentTelemetry {
  return new ProcTelemetry(options);
}

interface Sensor {
  readonly zone: string;
  readonly path: string;
}

/** What rates are computed from; all zero when the machine starts. */
interface Counters {
  readonly uptimeSec: number;
  readonly cpu: CpuTicks;
  readonly network: NetworkBytes;
  readonly throttles: number | undefined;
}

const AT_BOOT: Counters = {
  uptimeSec: 0,
  cpu: { busy: 0, total: 0 },
  network: { rxBytes: 0, txBytes: 0 },
  throttles: undefined,
};

class ProcTelemetry implements RecentTelemetry {
  readonly #options: ProcTelemetryOptions;
  readonly #root: string;
  #sensors: readonly Sensor[] | undefined;
  #before = AT_BOOT;
  #latest: Sample | undefined;

  constructor(options: ProcTelemetryOptions) {
    this.#options = options;
    this.#root = options.root ?? '/';
  }

  async sample(nowMs: number): Promise<Sample> {
    const before = this.#before;
    const [after, memory, disk, cpuState, temperatures, isThrottledNow] = await Promise.all([
      this.#readCounters(),
      this.#readMemory(),
      readDisk(this.#options.dataDir),
      this.#readCpuState(),
      this.#readTemperatures(),
      this.#read(PI_THROTTLED).then(parseThrottled),
    ]);
    this.#before = after;
    const wasThrottled = before.throttles !== undefined && (after.throttles ?? 0) > before.throttles;
    const cards = this.#options.gpu.latest();
    this.#latest = {
      tsMs: nowMs,
      windowSec: 0,
      uptimeSec: after.uptimeSec,
      cpu: { load01: computeLoad01(before.cpu, after.cpu), ...cpuState },
      gpu: cards.map(({ celsius: _, ...card }) => card),
      temperatures: [
        ...temperatures,
        ...cards.flatMap(({ name, celsius }) => (celsius === undefined ? [] : [{ zone: name, celsius }])),
      ],
      memory,
      disk,
      network: computeRates(before, after),
      throttled: isThrottledNow === true || wasThrottled,
      clock: { synced: isClockSynced(this.#root) },
    };
    return this.#latest;
  }

  latest(): Sample | undefined {
    return this.#latest;
  }

  async #readCounters(): Promise<Counters> {
    const [uptime, stat, netDev, throttles] = await Promise.all(
      ['proc/uptime', 'proc/stat', 'proc/net/dev', PACKAGE_THROTTLES].map((path) => this.#read(path)),
    );
    return {
      uptimeSec: parseUptimeSec(uptime ?? '') ?? 0,
      cpu: parseCpuTicks(stat ?? '') ?? this.#before.cpu,
      network: parseNetworkBytes(netDev ?? '') ?? this.#before.network,
      throttles: throttles ? Number.parseInt(throttles, 10) : undefined,
    };
  }

  async #readMemory(): Promise<Sample['memory']> {
    const system = parseMemory(await this.#read('proc/meminfo'));
    const { totalBytes, availableBytes } = system ?? { totalBytes: totalmem(), availableBytes: freemem() };
    return { totalBytes, availableBytes, agentRssBytes: process.memoryUsage.rss() };
  }

  async #readCpuState(): Promise<{ readonly loadAvg1: number; readonly pressureSome10?: number }> {
    const [loadavg = '', pressure = ''] = await Promise.all([
      this.#read('proc/loadavg'),
      this.#read('proc/pressure/cpu'),
    ]);
    const pressureSome10 = parsePressureSome10(pressure);
    const loadAvg1 = parseLoadAvg1(loadavg) ?? 0;
    return pressureSome10 === undefined ? { loadAvg1 } : { loadAvg1, pressureSome10 };
  }

  async #readTemperatures(): Promise<Sample['temperatures']> {
    this.#sensors ??= await this.#findSensors();
    const readings = this.#sensors.map(async ({ zone, path }) => {
      const celsius = parseCelsius(await this.#read(path));
      return celsius === undefined ? [] : [{ zone, celsius }];
    });
    return (await Promise.all(readings)).flat();
  }

  /** Thermal zones; where there are none, the sensors of hwmon. They do not change while the machine runs. */
  async #findSensors(): Promise<readonly Sensor[]> {
    const zones = await this.#list('sys/class/thermal', /^thermal_zone\d+$/);
    const sensors = zones.map(async (folder) => {
      const type = (await this.#read(join(folder, 'type'))).trim();
      return { zone: type || folder.slice(folder.lastIndexOf('/') + 1), path: join(folder, 'temp') };
    });
    if (sensors.length > 0) return Promise.all(sensors);
    const chips = await this.#list('sys/class/hwmon', /^hwmon\d+$/);
    return (await Promise.all(chips.map((chip) => this.#findChipSensors(chip)))).flat();
  }

  async #findChipSensors(chip: string): Promise<readonly Sensor[]> {
    const name = (await this.#read(join(chip, 'name'))).trim();
    const inputs = await this.#list(chip, /^temp\d+_input$/);
    const sensors = inputs.map(async (path) => {
      const label = (await this.#read(path.replace(/_input$/, '_label'))).trim();
      return { zone: [name, label].filter(Boolean).join(' ') || 'hwmon', path };
    });
    return Promise.all(sensors);
  }

  /** @returns '' for a file that is missing or that the driver refuses to read, as some sensors do */
  #read(path: string): Promise<string> {
    return readFile(join(this.#root, path), 'utf8').catch(() => '');
  }

  async #list(folder: string, pattern: RegExp): Promise<readonly string[]> {
    const names = await readdir(join(this.#root, folder)).catch(() => []);
    const fitting = names.filter((name) => pattern.test(name));
    return fitting
      .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((name) => join(folder, name));
  }
}

function computeRates(before: Counters, after: Counters): Sample['network'] {
  const seconds = after.uptimeSec - before.uptimeSec;
  const perSec = (from: number, to: number): number =>
    seconds <= 0 ? 0 : Math.max(0, (to - from) / seconds);
  return {
    rxBytesPerSec: perSec(before.network.rxBytes, after.network.rxBytes),
    txBytesPerSec: perSec(before.network.txBytes, after.network.txBytes),
  };
}

async function readDisk(folder: string): Promise<Sample['disk']> {
  const stats = await statfs(folder).catch(() => undefined);
  if (stats === undefined) return { totalBytes: 0, freeBytes: 0 };
  return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize };
}
