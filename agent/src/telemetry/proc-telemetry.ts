import { freemem, totalmem } from 'node:os';
import { isClockSynced } from '../kernel/sync-marks.ts';
import type { GpuReading, GpuSource, RecentTelemetry, Sample } from './port.ts';
import {
  type CpuTicks,
  computeLoad01,
  type NetworkBytes,
  parseCpuTicks,
  parseLoadAvg1,
  parseMemory,
  parseNetworkBytes,
  parsePressureSome10,
  parseUptimeSec,
} from './sys/proc-parse.ts';
import { createProcProcesses, type Processes } from './sys/proc-processes.ts';
import { createSysDisk, type Disk } from './sys/sys-disk.ts';
import { createSysFiles, type SysFiles } from './sys/sys-files.ts';
import { createSysTemperatures, type Temperatures } from './sys/sys-temperatures.ts';
import { createSysThrottling, type Throttling } from './sys/sys-throttling.ts';

export interface ProcTelemetryOptions {
  /** The folder whose disk counts. */
  readonly dataDir: string;
  readonly gpu: GpuSource;
  /** Where /proc, /sys, /run and /var are looked up. Default: `/`. */
  readonly root?: string;
  /** Whose memory is told, with everything it started. Default: this process. */
  readonly pid?: number;
}

/** Reads /proc and /sys; a file that is missing leaves its field absent, or at its plainest value where it must be. */
export function createProcTelemetry(options: ProcTelemetryOptions): RecentTelemetry {
  return new ProcTelemetry(options);
}

/** What rates are computed from; all zero when the machine starts. */
interface Counters {
  readonly uptimeSec: number;
  readonly cpu: CpuTicks;
  readonly network: NetworkBytes;
}

const AT_BOOT: Counters = {
  uptimeSec: 0,
  cpu: { busy: 0, total: 0 },
  network: { rxBytes: 0, txBytes: 0 },
};

class ProcTelemetry implements RecentTelemetry {
  readonly #root: string;
  readonly #files: SysFiles;
  readonly #gpu: GpuSource;
  readonly #temperatures: Temperatures;
  readonly #throttling: Throttling;
  readonly #disk: Disk;
  readonly #processes: Processes;
  #before = AT_BOOT;
  #latest: Sample | undefined;

  constructor({ dataDir, gpu, root = '/', pid = process.pid }: ProcTelemetryOptions) {
    this.#root = root;
    this.#files = createSysFiles(root);
    this.#gpu = gpu;
    this.#temperatures = createSysTemperatures(this.#files);
    this.#throttling = createSysThrottling(this.#files);
    this.#disk = createSysDisk(this.#files, dataDir);
    this.#processes = createProcProcesses(this.#files, pid);
  }

  async sample(nowMs: number): Promise<Sample> {
    const before = this.#before;
    const after = await this.#readCounters();
    this.#before = after;
    const [cards, temperatures, throttled, pressure, loadavg, memory, disk] = await Promise.all([
      this.#gpu.read(),
      this.#temperatures.read(),
      this.#throttling.read(),
      this.#readPressure(),
      this.#files.read('proc/loadavg'),
      this.#readMemory(),
      this.#disk.read(after.uptimeSec),
    ]);
    const { cpuSome10 } = pressure;
    this.#latest = {
      tsMs: nowMs,
      windowSec: 0,
      uptimeSec: after.uptimeSec,
      cpu: {
        load01: computeLoad01(before.cpu, after.cpu),
        loadAvg1: parseLoadAvg1(loadavg) ?? 0,
        ...(cpuSome10 !== undefined && { pressureSome10: cpuSome10 }),
      },
      ...(Object.keys(pressure).length > 0 && { pressure }),
      gpu: cards.map(({ celsius: _, ...card }) => card),
      temperatures: [...temperatures, ...cards.flatMap(toTemperature)],
      memory,
      disk,
      network: computeRates(before, after),
      throttled: throttled.now.length > 0,
      throttleReasons: [...throttled.now],
      throttleReasonsSinceBoot: [...throttled.sinceBoot],
      clock: { synced: isClockSynced(this.#root) },
    };
    return this.#latest;
  }

  latest(): Sample | undefined {
    return this.#latest;
  }

  async #readCounters(): Promise<Counters> {
    const [uptime = '', stat = '', netDev = ''] = await Promise.all(
      ['proc/uptime', 'proc/stat', 'proc/net/dev'].map(this.#files.read),
    );
    return {
      uptimeSec: parseUptimeSec(uptime) ?? 0,
      cpu: parseCpuTicks(stat) ?? this.#before.cpu,
      network: parseNetworkBytes(netDev) ?? this.#before.network,
    };
  }

  async #readMemory(): Promise<Sample['memory']> {
    const [meminfo, processes] = await Promise.all([
      this.#files.read('proc/meminfo'),
      this.#processes.read(),
    ]);
    const { totalBytes, availableBytes } = parseMemory(meminfo) ?? {
      totalBytes: totalmem(),
      availableBytes: freemem(),
    };
    return {
      totalBytes,
      availableBytes,
      agentRssBytes: process.memoryUsage.rss(),
      ...(processes.length > 0 && { processes: [...processes] }),
    };
  }

  async #readPressure(): Promise<NonNullable<Sample['pressure']>> {
    const [cpuSome10, ioSome10, memorySome10] = await Promise.all(
      ['cpu', 'io', 'memory'].map(async (what) =>
        parsePressureSome10(await this.#files.read(`proc/pressure/${what}`)),
      ),
    );
    return {
      ...(cpuSome10 !== undefined && { cpuSome10 }),
      ...(ioSome10 !== undefined && { ioSome10 }),
      ...(memorySome10 !== undefined && { memorySome10 }),
    };
  }
}

const toTemperature = ({ name, celsius }: GpuReading): Sample['temperatures'] =>
  celsius === undefined ? [] : [{ zone: name, celsius }];

function computeRates(before: Counters, after: Counters): Sample['network'] {
  const seconds = after.uptimeSec - before.uptimeSec;
  const perSec = (from: number, to: number): number =>
    seconds <= 0 ? 0 : Math.max(0, (to - from) / seconds);
  return {
    rxBytesPerSec: perSec(before.network.rxBytes, after.network.rxBytes),
    txBytesPerSec: perSec(before.network.txBytes, after.network.txBytes),
  };
}
