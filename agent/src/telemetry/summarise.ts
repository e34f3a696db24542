import type { Sample } from './port.ts';

/**
 * One sample for a window: means of what varies, the last of what only counts or stands still; throttled when it was so
 * at any time, for every reason it had. A field that some samples lack is the mean of those that have it.
 * @param samples at least one, in order of time
 */
export function summarise(samples: readonly [Sample, ...Sample[]], windowSec: number): Sample {
  const last = samples.at(-1) ?? samples[0];
  const pressureSome10 = meanIf(samples, (sample) => sample.cpu.pressureSome10);
  return {
    ...last,
    windowSec,
    cpu: {
      load01: meanOf(samples, (sample) => sample.cpu.load01),
      loadAvg1: meanOf(samples, (sample) => sample.cpu.loadAvg1),
      ...(pressureSome10 === undefined ? {} : { pressureSome10 }),
    },
    ...summarisePressure(samples),
    gpu: last.gpu.map((card, index) => summariseCard(samples, card, index)),
    temperatures: last.temperatures.map((reading, index) => ({
      ...reading,
      celsius: mean(samples.flatMap((sample) => celsiusAt(sample, reading.zone, index))) ?? reading.celsius,
    })),
    memory: {
      ...last.memory,
      availableBytes: Math.round(meanOf(samples, (sample) => sample.memory.availableBytes)),
      agentRssBytes: Math.round(meanOf(samples, (sample) => sample.memory.agentRssBytes)),
    },
    disk: { ...last.disk, ...summarisePaces(samples) },
    network: {
      rxBytesPerSec: meanOf(samples, (sample) => sample.network.rxBytesPerSec),
      txBytesPerSec: meanOf(samples, (sample) => sample.network.txBytesPerSec),
    },
    throttled: samples.some((sample) => sample.throttled),
    ...(last.throttleReasons !== undefined && {
      throttleReasons: [...new Set(samples.flatMap((sample) => sample.throttleReasons ?? []))],
    }),
  };
}

function summarisePressure(samples: readonly Sample[]): Pick<Sample, 'pressure'> {
  if (samples.every(({ pressure }) => pressure === undefined)) return {};
  const cpuSome10 = meanIf(samples, ({ pressure }) => pressure?.cpuSome10);
  const ioSome10 = meanIf(samples, ({ pressure }) => pressure?.ioSome10);
  const memorySome10 = meanIf(samples, ({ pressure }) => pressure?.memorySome10);
  return {
    pressure: {
      ...(cpuSome10 !== undefined && { cpuSome10 }),
      ...(ioSome10 !== undefined && { ioSome10 }),
      ...(memorySome10 !== undefined && { memorySome10 }),
    },
  };
}

function summarisePaces(samples: readonly Sample[]): Partial<Sample['disk']> {
  const writtenBytesPerDay = meanIf(samples, ({ disk }) => disk.writtenBytesPerDay);
  const agentWrittenBytesPerDay = meanIf(samples, ({ disk }) => disk.agentWrittenBytesPerDay);
  return {
    ...(writtenBytesPerDay !== undefined && { writtenBytesPerDay: Math.round(writtenBytesPerDay) }),
    ...(agentWrittenBytesPerDay !== undefined && {
      agentWrittenBytesPerDay: Math.round(agentWrittenBytesPerDay),
    }),
  };
}

type Card = Sample['gpu'][number];

/** Cards are told apart by their place: two of a kind have one name. */
function summariseCard(samples: readonly Sample[], card: Card, index: number): Card {
  const same = samples.flatMap((sample) => sample.gpu[index] ?? []).filter(({ name }) => name === card.name);
  const load01 = mean(same.flatMap((other) => other.load01 ?? []));
  const memoryUsedBytes = mean(same.flatMap((other) => other.memoryUsedBytes ?? []));
  const frequencyMhz = mean(same.flatMap((other) => other.frequencyMhz ?? []));
  return {
    ...card,
    ...(frequencyMhz === undefined ? {} : { frequencyMhz }),
    ...(load01 === undefined ? {} : { load01 }),
    ...(memoryUsedBytes === undefined ? {} : { memoryUsedBytes: Math.round(memoryUsedBytes) }),
  };
}

/** Zones likewise: several of a machine may have one name. A zone that moved is left out of the mean. */
function celsiusAt(sample: Sample, zone: string, index: number): readonly number[] {
  const reading = sample.temperatures[index];
  return reading?.zone === zone ? [reading.celsius] : [];
}

/** Sensors know no more digits; a box sends and stores each of them, day after day. */
const DIGITS = 6;

function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const exact = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Number(exact.toPrecision(DIGITS));
}

/** The mean of those that have it. */
const meanIf = (
  samples: readonly Sample[],
  read: (sample: Sample) => number | undefined,
): number | undefined => mean(samples.flatMap((sample) => read(sample) ?? []));

function meanOf(samples: readonly Sample[], read: (sample: Sample) => number): number {
  return mean(samples.map(read)) ?? 0;
}
