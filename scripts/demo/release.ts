import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFleetctl } from './run-command.ts';

interface Version {
  readonly digest: string;
  readonly model: string;
  readonly version: string;
  readonly state: string;
}

/** The second person of the demo: who certifies a model never is who pushed it. */
const CERTIFIER = 'quality';
const REPORT = `Certified for the demo only: the server ran every check by itself and they passed. A real report names the
pictures the model was tried on, what it got wrong, and who may rely on it.
`;

/**
 * Brings a bundle to the registry and through its life there: validated by the server, certified by a second person,
 * released, champion. What was done before is not done again.
 * @returns the digest
 */
export async function releaseBundle(
  folder: string,
  state: string,
  access: readonly string[],
): Promise<string> {
  const ask = async (...args: readonly string[]): Promise<Version> =>
    JSON.parse(await runFleetctl([...args, '--json'])) as Version;
  const pushed = await ask('model', 'push', folder, ...access);
  const name = `${pushed.model}@${pushed.version}`;
  let { state: reached } = await ask('model', 'show', name, ...access);
  if (reached === 'draft') reached = (await ask('model', 'validate', name, ...access)).state;
  if (reached === 'draft') throw new Error(`the server finds ${name} unsound: fleetctl model show ${name}`);
  if (reached === 'validated') {
    const report = join(state, 'certification.txt');
    await writeFile(report, REPORT);
    const asCertifier = await certifierAccess(state, access);
    await runFleetctl([
      'model',
      'certify',
      name,
      '--decision',
      'approve',
      '--report',
      report,
      ...asCertifier,
    ]);
  }
  if (reached !== 'released') await runFleetctl(['model', 'release', name, ...access]);
  await runFleetctl(['model', 'alias', pushed.model, 'champion', pushed.version, ...access]);
  return pushed.digest;
}

async function certifierAccess(state: string, access: readonly string[]): Promise<readonly string[]> {
  const passwordFile = join(state, `${CERTIFIER}-password`);
  if (!existsSync(passwordFile)) {
    await writeFile(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
    const who = ['user', 'add', CERTIFIER, '--role', 'qa', '--new-password-file', passwordFile];
    await runFleetctl([...who, ...access]);
  }
  const [flag = '', server = ''] = access;
  return [flag, server, '--user', CERTIFIER, '--password-file', passwordFile];
}
