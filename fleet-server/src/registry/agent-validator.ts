import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { ValidationReport } from '@watchpost/shared/bundle/validation-report.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { signalGroup } from '@watchpost/shared/kernel/process-group.ts';
import type { BlobStore } from '../blobs/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { ModelValidator } from './port.ts';

export interface AgentValidatorDeps {
  readonly blobs: Pick<BlobStore, 'read'>;
  /** Program and arguments of `watchpost-agent`. */
  readonly command: readonly [string, ...string[]];
  readonly limitMs: number;
}

const MAX_REPORT_CHARS = 1024 * 1024;
const LAST_WORDS_CHARS = 500;
const parseReport = createJsonParser(ValidationReport, 'validation report');

/** Asks the agent's own program, in a process of its own: a model that crashes or hangs takes nothing along. */
export function createAgentValidator({ blobs, command, limitMs }: AgentValidatorDeps): ModelValidator {
  return async (manifest, signal) => {
    try {
      return await inFolder(async (folder) => {
        await layOut(manifest, blobs, folder);
        return askAgent(command, folder, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
      });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw serverError('VALIDATOR_FAILED', `${command[0]} did not validate the model: ${why}`, { cause });
    }
  };
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-model-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function layOut(manifest: Manifest, blobs: Pick<BlobStore, 'read'>, folder: string): Promise<void> {
  for (const { path, sha256 } of manifest.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await pipeline(blobs.read(sha256), createWriteStream(join(folder, path)));
  }
  await writeFile(join(folder, MANIFEST_FILE), canonicalJson(manifest));
}

/** The program leads a process group, so that its inference process ends with it. */
async function askAgent(
  [program, ...args]: AgentValidatorDeps['command'],
  folder: string,
  signal: AbortSignal,
): Promise<ValidationReport> {
  const child = spawn(program, [...args, 'validate', '--bundle', folder, '--json'], {
    detached: true,
    // A model is foreign code, more or less: it learns nothing of the server's surroundings.
    env: { PATH: process.env.PATH, TMPDIR: tmpdir() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Also what the program left behind when it ended.
  const kill = (): void => signalGroup(child.pid, 'SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  let out = '';
  let lastWords = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out = (out + text).slice(0, MAX_REPORT_CHARS);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  try {
    const [code] = await once(child, 'close');
    if (signal.aborted) throw new Error('it took too long or was stopped');
    if (code !== 0 && code !== 1) throw new Error(`it ended with ${code}: ${lastWords.trim()}`);
    return parseReport(out);
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}
