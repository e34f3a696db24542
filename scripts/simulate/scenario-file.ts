import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseScenario, type Scenario } from './scenario.ts';

/** @param name of a scenario of the project, or the path of a file. @throws Error that says what is wrong with it */
export async function loadScenario(name: string): Promise<Scenario> {
  const isOwn = /^[a-z0-9-]+$/.test(name);
  const path = isOwn ? fileURLToPath(new URL(`scenarios/${name}.yaml`, import.meta.url)) : name;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`there is no scenario ${name}`, { cause });
  });
  return parseScenario(parse(text), `scenario ${name}`);
}
