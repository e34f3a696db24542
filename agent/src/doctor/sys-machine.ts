import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TelemetrySource } from '../telemetry/port.ts';
import type { DiskFacts, MachineFacts } from './diagnose-machine.ts';

const run = promisify(execFile);
const LIMIT_MS = 5_000;

/** What /proc, /sys and a Raspberry Pi's firmware tell. What cannot be read is absent. */
export async function inspectMachine(telemetry: TelemetrySource): Promise<MachineFacts> {
  const [sample, piThrottled, vmstat, disks] = await Promise.all([
    telemetry.sample(Date.now()),
    readPiThrottled(),
    read('/proc/vmstat'),
    inspectDisks(),
  ]);
  const oomKills = /^oom_kill (\d+)$/m.exec(vmstat)?.[1];
  return {
    sample,
    cores: availableParallelism(),
    ...(piThrottled !== undefined && { piThrottled }),
    ...(oomKills !== undefined && { oomKills: Number(oomKills) }),
    disks,
  };
}

async function readPiThrottled(): Promise<number | undefined> {
  const asked = run('vcgencmd', ['get_throttled'], { timeout: LIMIT_MS });
  const told = await asked.then(
    ({ stdout }) => stdout,
    () => '',
  );
  const hex = /throttled=0x([0-9a-f]+)/i.exec(told)?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

async function inspectDisks(): Promise<readonly DiskFacts[]> {
  const [blocks, fileSystems] = await Promise.all([list('/sys/block'), list('/sys/fs/ext4')]);
  const wear = blocks.map(async (name): Promise<readonly DiskFacts[]> => {
    // Two kinds of memory: "0x01 0x02".
    const told = await read(join('/sys/block', name, 'device/life_time'));
    const tenths = told
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number)
      .filter((value) => value > 0);
    return tenths.length === 0 ? [] : [{ name, lifeTenths: Math.max(...tenths) }];
  });
  const errors = fileSystems.map(async (name): Promise<readonly DiskFacts[]> => {
    const count = Number(await read(join('/sys/fs/ext4', name, 'errors_count')));
    return count > 0 ? [{ name, errors: count }] : [];
  });
  return (await Promise.all([...wear, ...errors])).flat();
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
const list = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
