import { readFile } from 'node:fs/promises';
import { parseCpuFeatures } from '@watchpost/shared/bundle/cpu-features.ts';

/** Of this box's processor; undefined where there is no /proc. */
export async function readCpuFeatures(): Promise<ReadonlySet<string> | undefined> {
  return parseCpuFeatures(await readCpuInfo());
}

/** What a graph that is made for this processor rests on, the same at each start. */
export async function describeProcessor(): Promise<string> {
  const [first = ''] = (await readCpuInfo()).split('\n\n');
  const lasting =
    /^(vendor_id|model name|flags|Features|CPU (implementer|architecture|variant|part|revision))\b/;
  return [process.arch, ...first.split('\n').filter((line) => lasting.test(line))].join('\n');
}

const readCpuInfo = (): Promise<string> => readFile('/proc/cpuinfo', 'latin1').catch(() => '');
