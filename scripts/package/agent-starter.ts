import { readFile } from 'node:fs/promises';

const readStarter = (): Promise<string> =>
  readFile(new URL('../../firmware-config/bin/watchpost-agent', import.meta.url), 'utf8');

/** What an installed agent is started with, settings of the allocator. */
export async function readEnvironment(): Promise<Readonly<Record<string, string>>> {
  const set = (await readStarter()).matchAll(/^export (MALLOC_\w+)=(\d+)$/gm);
  return Object.fromEntries([...set].map(([, name = '', value = '']) => [name, value]));
}

/** Flags of Node an installed agent is started with. */
export async function readNodeFlags(): Promise<readonly string[]> {
  const starter = await readStarter();
  const [, flags = ''] = /^exec "\$root\/node" (.*?) ?"\$root/m.exec(starter) ?? [];
  return flags.split(' ').filter((flag) => flag !== '');
}
