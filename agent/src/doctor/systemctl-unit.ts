import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServiceFacts } from './diagnose-service.ts';

const run = promisify(execFile);
const LIMIT_MS = 5_000;
const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'StatusText',
  'UnitFileState',
  'NRestarts',
];

/** @returns undefined where systemd does not run */
export async function inspectService(unit: string): Promise<ServiceFacts> {
  const args = ['show', unit, `--property=${PROPERTIES.join(',')}`];
  const asked = run('systemctl', args, { timeout: LIMIT_MS });
  const told = await asked.then(
    ({ stdout }) => stdout,
    () => undefined,
  );
  if (told === undefined) return undefined;
  const pairs = told.split('\n').flatMap((line): readonly (readonly [string, string])[] => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
