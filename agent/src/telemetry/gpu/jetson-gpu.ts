import type { GpuReading, GpuSource } from '../port.ts';
import { parseNumber } from '../sys/parse-number.ts';
import type { SysFiles } from '../sys/sys-files.ts';
import { parseJetsonLoad01 } from './gpu-parse.ts';

/** The graphics of a Jetson have other names on each generation: `17000000.ga10b`, `57000000.gpu`, `gpu.0`. */
const NAMES = /^gpu\.\d+$|\.(gpu|gm20b|gp10b|gv11b|ga10b|gb10b)$/;
/** Where its driver may hang it. */
const FOLDERS = ['sys/devices', 'sys/devices/platform', 'sys/devices/platform/bus@0'];

interface Places {
  readonly load: string;
  /** Folder of its clock, in Hz; absent where the kernel does not scale it. */
  readonly clock: string | undefined;
}

/**
 * The one graphics chip of an NVIDIA Jetson, of which nvidia-smi says nothing: load and clock. Its temperature is
 * the thermal zone `gpu-thermal`, among the others; its memory is that of the board.
 */
export function createJetsonGpu(files: SysFiles): GpuSource {
  let places: Promise<Places | undefined> | undefined;
  return {
    read: async () => {
      places ??= findPlaces(files);
      const found = await places;
      return found === undefined ? [] : readGpu(files, found);
    },
  };
}

async function readGpu(files: SysFiles, { load, clock }: Places): Promise<readonly GpuReading[]> {
  const load01 = parseJetsonLoad01(await files.read(load));
  const [frequencyMhz, maxFrequencyMhz] = await Promise.all(
    ['cur_freq', 'max_freq'].map(async (name) => {
      const hertz = clock === undefined ? undefined : parseNumber(await files.read(`${clock}/${name}`));
      return hertz === undefined ? undefined : hertz / 1e6;
    }),
  );
  return [
    {
      name: 'Jetson GPU',
      ...(load01 !== undefined && { load01 }),
      ...(frequencyMhz !== undefined && { frequencyMhz }),
      ...(maxFrequencyMhz !== undefined && { maxFrequencyMhz }),
    },
  ];
}

async function findPlaces(files: SysFiles): Promise<Places | undefined> {
  const clocks = await files.list('sys/class/devfreq', NAMES);
  const folders = (await Promise.all(FOLDERS.map((folder) => files.list(folder, NAMES)))).flat();
  const candidates: readonly Places[] = [
    ...clocks.map((clock) => ({ load: `${clock}/device/load`, clock })),
    ...folders.map((folder) => ({ load: `${folder}/load`, clock: undefined })),
  ];
  const loads = await Promise.all(candidates.map(({ load }) => files.read(load)));
  return candidates.find((_, index) => parseJetsonLoad01(loads[index] ?? '') !== undefined);
}
