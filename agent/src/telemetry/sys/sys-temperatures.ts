import { basename, join } from 'node:path';
import type { Sample } from '../port.ts';
import { findLimitCelsius, parseCelsius } from './proc-parse.ts';
import type { SysFiles } from './sys-files.ts';

export interface Temperatures {
  read(): Promise<Sample['temperatures']>;
}

interface Sensor {
  readonly zone: string;
  readonly path: string;
  readonly limitCelsius: number | undefined;
}

/** Thermal zones; where there are none, the sensors of hwmon. They do not change while the machine runs. */
export function createSysTemperatures(files: SysFiles): Temperatures {
  let sensors: Promise<readonly Sensor[]> | undefined;
  return {
    read: async () => {
      sensors ??= findSensors(files);
      const readings = (await sensors).map(async ({ zone, path, limitCelsius }) => {
        const celsius = parseCelsius(await files.read(path));
        if (celsius === undefined) return [];
        return [{ zone, celsius, ...(limitCelsius !== undefined && { limitCelsius }) }];
      });
      return (await Promise.all(readings)).flat();
    },
  };
}

async function findSensors(files: SysFiles): Promise<readonly Sensor[]> {
  const zones = await files.list('sys/class/thermal', /^thermal_zone\d+$/);
  if (zones.length > 0) return Promise.all(zones.map((folder) => openZone(files, folder)));
  const chips = await files.list('sys/class/hwmon', /^hwmon\d+$/);
  return (await Promise.all(chips.map((chip) => openChip(files, chip)))).flat();
}

async function openZone(files: SysFiles, folder: string): Promise<Sensor> {
  const type = await files.read(join(folder, 'type'));
  const trips = (await files.list(folder, /^trip_point_\d+_type$/)).map(async (path) => ({
    type: await files.read(path),
    milliCelsius: await files.read(path.replace(/type$/, 'temp')),
  }));
  return {
    zone: type || basename(folder),
    path: join(folder, 'temp'),
    limitCelsius: findLimitCelsius(await Promise.all(trips)),
  };
}

async function openChip(files: SysFiles, chip: string): Promise<readonly Sensor[]> {
  const name = await files.read(join(chip, 'name'));
  const inputs = await files.list(chip, /^temp\d+_input$/);
  const sensors = inputs.map(async (path) => {
    const about = (what: string) => files.read(path.replace(/input$/, what));
    const limits = [
      { type: 'hot', milliCelsius: await about('max') },
      { type: 'critical', milliCelsius: await about('crit') },
    ];
    return {
      zone: [name, await about('label')].filter(Boolean).join(' ') || 'hwmon',
      path,
      limitCelsius: findLimitCelsius(limits),
    };
  });
  return Promise.all(sensors);
}
