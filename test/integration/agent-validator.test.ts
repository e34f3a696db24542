import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { createAgentValidator } from '../../fleet-server/src/registry/agent-validator.ts';
import { isAlive } from '../support/child-processes.ts';
import { ROOT } from '../support/imports.ts';
import { createMemoryBlobs } from '../support/memory-blobs.ts';
import { type TinyBundle, tinyBundle } from '../support/tiny-bundle.ts';

const AGENT = [process.execPath, join(ROOT, 'agent/src/cli.ts')] as const;
const never = new AbortController().signal;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-validator-'));
});
after(() => rm(folder, { recursive: true }));

async function validate(
  { manifest, model }: TinyBundle,
  command: readonly [string, ...string[]] = [...AGENT],
  limitMs = 60_000,
) {
  const blobs = createMemoryBlobs({ maxBytes: 1e6 });
  await blobs.put(sha256Hex(model), Readable.from([Buffer.from(model)]));
  return createAgentValidator({ blobs, command, limitMs })(manifest, never);
}

/** A program that does what `code` says in place of the agent. */
async function program(name: string, code: string): Promise<readonly [string, ...string[]]> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, code);
  return [process.execPath, path];
}

test("the agent's own program runs the model and measures it", async () => {
  const report = await validate(tinyBundle());
  assert.ok(report.passed, JSON.stringify(report.checks));
  assert.ok((report.variants[0]?.peakMemoryBytes ?? 0) > 0);
});

test('a model that gives no numbers does not pass', async () => {
  const report = await validate(tinyBundle({}, { factor: Number.NaN }));
  assert.equal(report.passed, false);
});

test('a program that hangs is ended together with what it started', async () => {
  const hang = await program(
    'hang',
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     const child = spawn('sleep', ['600']);
     writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(child.pid));
     setInterval(() => {}, 1000);`,
  );
  await assert.rejects(validate(tinyBundle(), hang, 1_500), { code: 'VALIDATOR_FAILED' });
  assert.equal(isAlive(Number(await readFile(join(folder, 'pid'), 'utf8'))), false);
});

test('a program that crashes, says nonsense or is not there is told apart from a model that fails', async () => {
  const crash = await program('crash', 'process.stderr.write("out of luck"); process.exit(3)');
  await assert.rejects(validate(tinyBundle(), crash), { code: 'VALIDATOR_FAILED', message: /out of luck/ });
  const nonsense = await program('nonsense', 'console.log("{}")');
  await assert.rejects(validate(tinyBundle(), nonsense), { code: 'VALIDATOR_FAILED' });
  await assert.rejects(validate(tinyBundle(), [join(folder, 'absent')]), { code: 'VALIDATOR_FAILED' });
});

test('a bundle that cannot be laid out, for want of a folder or of a file, gets no answer', async (t) => {
  const { TMPDIR } = process.env;
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  const blobs = { read: () => createReadStream(join(folder, 'no-blob')) };
  const validator = createAgentValidator({ blobs, command: AGENT, limitMs: 60_000 });
  const failed = (message: RegExp) => ({ code: 'VALIDATOR_FAILED', message });
  await assert.rejects(validator(tinyBundle().manifest, never), failed(/ENOENT.*no-blob/));
  process.env.TMPDIR = join(folder, 'absent');
  await assert.rejects(validate(tinyBundle()), failed(/ENOENT.*absent/));
});
