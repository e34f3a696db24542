import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import fc from 'fast-check';
import { type OpenBytes, receiveFile } from '../../agent/src/download/part-file.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { makeBytes } from '../support/test-bundle.ts';

const CONTENT = makeBytes(4_000, 5);
const FILE = { sha256: sha256Hex(CONTENT), sizeBytes: CONTENT.length };
const SEED = Date.now() % 2 ** 31;

/** What one connection does, or what happens to the part between two of them. */
type Event =
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'no ranges'; readonly afterBytes: number }
  | { readonly kind: 'shortened'; readonly toBytes: number }
  | { readonly kind: 'damaged'; readonly at: number };

const at = fc.nat(CONTENT.length);
const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), afterBytes: at }),
    fc.record({ kind: fc.constant('no ranges' as const), afterBytes: at }),
    fc.record({ kind: fc.constant('shortened' as const), toBytes: at }),
    fc.record({ kind: fc.constant('damaged' as const), at }),
  ),
  { maxLength: 8 },
);

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-resume-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Bytes from where they were asked for, or from 0, until the connection breaks. */
function serve(ranges: boolean, limitBytes: number): OpenBytes {
  return async (fromByte) => {
    const startByte = ranges ? fromByte : 0;
    const chunks = async function* () {
      const endByte = Math.min(CONTENT.length, startByte + limitBytes);
      for (let byte = startByte; byte < endByte; byte += 700)
        yield CONTENT.subarray(byte, Math.min(endByte, byte + 700));
      if (endByte < CONTENT.length) throw agentError('DOWNLOAD_FAILED', 'the connection broke');
    };
    return { startByte, chunks: chunks() };
  };
}

async function suffer(event: Event, path: string): Promise<void> {
  const part = `${path}.part`;
  if (event.kind === 'cut' || event.kind === 'no ranges') {
    await receiveFile(FILE, path, serve(event.kind === 'cut', event.afterBytes)).catch((error: unknown) => {
      if (!isAppError(error, 'DOWNLOAD_FAILED')) throw error;
    });
    return;
  }
  const bytes = await readFile(part).catch(() => undefined);
  if (bytes === undefined || bytes.length === 0) return;
  if (event.kind === 'shortened') return truncate(part, Math.min(bytes.length, event.toBytes));
  bytes[event.at % bytes.length] = (bytes[event.at % bytes.length] ?? 0) ^ 1;
  await writeFile(part, bytes);
}

test('whatever happens to a download, the file is there whole at its end, and nothing beside it', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  let count = 0;
  const property = fc.asyncProperty(events, async (all) => {
    count += 1;
    const path = join(folder, String(count));
    for (const event of all) await suffer(event, path);
    await receiveFile(FILE, path, serve(true, CONTENT.length));
    assert.ok(Buffer.from(CONTENT).equals(await readFile(path)));
    await rm(path);
    assert.deepEqual(await readdir(folder), []);
  });
  await fc.assert(property, { numRuns: 150, seed: SEED });
});
