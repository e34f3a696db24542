import { X509Certificate } from 'node:crypto';
import { chown, mkdir, open, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { syncFolder, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { parseRoot } from '@watchpost/shared/trust/tuf-metadata.ts';
import { parseAgentConfig } from '../config/parse.ts';
import {
  CA_FILE,
  type ProvisionedFile,
  type ProvisioningPlan,
  planProvisioning,
  ROOT_FILE,
} from '../config/provisioning.ts';
import type { AgentConfig } from '../config/schema.ts';
import { formatYaml, readYamlFile } from '../config/yaml-file.ts';
import { agentError } from '../kernel/errors.ts';
import { describeEnrolment, enrolBox } from './enrol.ts';

const SETTINGS_FILE = '/etc/watchpost/agent.yaml';
const HEADER = '# Settings of this box, made by its provisioning. Unknown keys are an error.\n';
const READABLE = 0o644;
const GROUP_ONLY = 0o640;

const HELP = `watchpost-agent provision: sets a new box up from one file: makes its settings, joins the fleet with
the one-time token, and takes the file away, which holds passwords.

  watchpost-agent provision [--config FILE] [--json] FILE ...

  FILE           the first one there is counts
  --config FILE  the settings to be made (default ${SETTINGS_FILE})
  --json         what was done, as one JSON document

Nothing is changed before the file was found sound; what comes after can be done again.
Exit code: 0 done, 1 failed, 2 wrong use or a file that is not sound.
`;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `watchpost-agent provision`: settings and enrolment of a new box from one file, which is then taken away. Nothing is
 * changed before the file was found sound; everything after that can be done again, so a power cut or a server that
 * does not answer yet costs nothing.
 */
export async function runProvisionCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: SETTINGS_FILE },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const tell = (text: string): unknown => values.json || process.stdout.write(text);
  const settingsFile = resolve(values.config);
  const source = await findFirst(positionals);
  const plan = planProvisioning(source, await readYamlFile(source), dirname(settingsFile));
  const config = parseAgentConfig({ file: { name: source, content: plan.settings } });
  plan.files.forEach(checkFile);
  const owner = await ownerOf(config.dataDir);
  await writeSettings(settingsFile, plan, owner);
  tell(`settings written to ${settingsFile}\n`);
  const enrolment = await actAs(owner, () => enrolBox(config, plan.token, tell));
  tell(describeEnrolment(enrolment));
  await destroy(source);
  tell(`${source} was taken away\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ settingsFile, source, ...enrolment })}\n`);
  return 0;
}

async function findFirst(paths: readonly string[]): Promise<string> {
  for (const path of paths) if (await stat(path).catch(() => undefined)) return path;
  throw agentError('INPUT_MISSING', `no provisioning file: ${paths.join(', ') || 'none was named'}`);
}

/** What no schema can tell of the files that come along. */
function checkFile({ name, content }: ProvisionedFile): void {
  try {
    if (name === CA_FILE) new X509Certificate(content);
    if (name === ROOT_FILE) parseRoot(parseJson(content, ROOT_FILE));
  } catch (cause) {
    if (name === ROOT_FILE && !isAppError(cause)) throw cause;
    const what =
      name === CA_FILE ? 'server.ca is no certificate in PEM' : 'trust.root is no root of TUF metadata';
    throw agentError('CONFIG_INVALID', what, { cause });
  }
}

/** Of the data: whom the agent runs as. */
async function ownerOf(dataDir: AgentConfig['dataDir']): Promise<Owner | undefined> {
  const info = await stat(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  return process.getuid?.() === 0 ? info : undefined;
}

async function writeSettings(
  settingsFile: string,
  { settings, files }: ProvisioningPlan,
  owner: Owner | undefined,
): Promise<void> {
  const folder = dirname(settingsFile);
  try {
    for (const { name, content, isSecret } of files) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeFileAtomic(path, content, isSecret ? GROUP_ONLY : READABLE);
      if (isSecret && owner !== undefined) await chown(path, 0, owner.gid);
    }
    await writeFileAtomic(settingsFile, `${HEADER}${formatYaml(settings)}`, READABLE);
  } catch (cause) {
    throw agentError('STORE_FAILED', `cannot write the settings in ${folder}`, { cause });
  }
}

/** Root makes no file in the agent's folder: keys would not be the agent's, and links in it are the agent's too. */
async function actAs<Result>(owner: Owner | undefined, work: () => Promise<Result>): Promise<Result> {
  if (owner === undefined || owner.uid === 0) return work();
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** Its token is used up, its passwords are not: they are written over where the disk does so in place. */
async function destroy(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      await file.write(Buffer.alloc((await file.stat()).size), 0, undefined, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await unlink(path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw agentError('STORE_FAILED', `cannot take ${path} away: it still holds passwords`, { cause });
  }
}
