import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { renewalChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { createCertificateRenewal } from '../../agent/src/identity/certificate-renewal.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { type FileCredentials, openFileCredentials } from '../../agent/src/identity/file-credentials.ts';
import { createFileDirectorKeys } from '../../agent/src/identity/file-director-keys.ts';
import { loadIdentity } from '../../agent/src/identity/file-identity.ts';
import { createTlsFetch } from '../../agent/src/identity/tls-fetch.ts';
import { authorityIn, type Box, csrOf, makeBox, signBy } from '../support/certified-box.ts';
import { HARDWARE } from '../support/fleet-data.ts';
import { jsonPost, startTlsFleet, type TlsFleet } from '../support/tls-fleet.ts';

const DAY_MS = 24 * 3_600_000;
const SIGNAL = AbortSignal.timeout(120_000);
let fleet: TlsFleet;
let folder = '';

before(async () => {
  fleet = await startTlsFleet();
  folder = await mkdtemp(join(tmpdir(), 'watchpost-renewal-'));
});
after(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true });
});

/** A box with the agent's own files. */
async function enrolBox(deviceId: string): Promise<{ dataDir: string; credentials: FileCredentials }> {
  const dataDir = join(folder, deviceId);
  const reply = await fleet.call('POST', 'enrolment-tokens', {});
  const { token } = (await reply.json()) as { token: string };
  const options = {
    serverUrl: fleet.url,
    token,
    deviceId,
    dataDir,
    agentVersion: '0.1.0',
    hardware: HARDWARE,
  };
  await enrol({ ...options, fetch: fleet.fetchAs() }, SIGNAL);
  return { dataDir, credentials: await openFileCredentials(dataDir) };
}

interface Conditions {
  /** How far the clock of the box is ahead. */
  readonly aheadMs?: number | (() => number);
  readonly until: string;
  /** From then on it runs as long as this takes. */
  readonly andThen?: () => Promise<void>;
  readonly onDirectorKeys?: (pem: string) => Promise<void>;
}

/** Runs the renewal until it says `until`. @returns what it said */
async function runRenewal(deviceId: string, credentials: FileCredentials, conditions: Conditions) {
  const said: string[] = [];
  const heard = Promise.withResolvers<void>();
  const listen = (_facts: object, message: string): void => {
    said.push(message);
    if (message === conditions.until) heard.resolve();
  };
  const log: Logger = { ...silentLogger, info: listen, warn: listen };
  const { aheadMs: ahead = 0 } = conditions;
  const aheadMs = typeof ahead === 'number' ? () => ahead : ahead;
  const renewal = createCertificateRenewal({
    identity: { deviceId },
    credentials,
    serverUrl: fleet.url,
    fetch: createTlsFetch(credentials.current),
    clock: { wallMs: () => Date.now() + aheadMs(), monotonicMs: () => performance.now() },
    random01: () => 0,
    lookAgainMs: 5,
    ...(conditions.onDirectorKeys && { onDirectorKeys: conditions.onDirectorKeys }),
    log,
    backoff: { baseMs: 1, maxMs: 1 },
  });
  await renewal.start(SIGNAL);
  await heard.promise;
  await conditions.andThen?.();
  await renewal.stop();
  return said;
}

test('a box renews its certificate after two thirds of its life, keeps its key, and goes on', async () => {
  const { dataDir, credentials } = await enrolBox('box-1');
  const before = credentials.current();
  const said = await runRenewal('box-1', credentials, { aheadMs: 21 * DAY_MS, until: 'certificate renewed' });
  assert.deepEqual(said, ['certificate renewed']);
  const now = credentials.current();
  assert.ok(before !== undefined && now !== undefined);
  assert.notEqual(now.cert, before.cert);
  assert.equal(now.key, before.key);
  const kept = await readFile(join(dataDir, 'identity', 'certificate.pem'), 'utf8');
  assert.ok(kept.startsWith(now.cert.trim()));
  await (await fleet.connect('box-1', now)).endAsync();
});

test('a renewal tells the box the keys of the director as they are now', async () => {
  const { dataDir, credentials } = await enrolBox('box-5');
  const { directorKeys } = await loadIdentity(dataDir);
  const kept = createFileDirectorKeys(dataDir, []);
  await runRenewal('box-5', credentials, {
    aheadMs: 21 * DAY_MS,
    until: 'certificate renewed',
    onDirectorKeys: kept.replace,
  });
  assert.deepEqual((await kept.list()).map(computeKeyId), directorKeys.map(computeKeyId));
  const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
  const newer = generateKeyPairSync('ed25519').publicKey;
  await kept.replace([newer, ...directorKeys].map(pemOf).join(''));
  const loaded = await loadIdentity(dataDir);
  assert.deepEqual(loaded.directorKeys.map(computeKeyId), [newer, ...directorKeys].map(computeKeyId));
  await assert.rejects(kept.replace('no key'), { code: 'SERVER_UNREACHABLE' });
  assert.equal((await kept.list()).length, directorKeys.length + 1);
});

test('a box that was off for two months comes back by itself', async () => {
  const { credentials } = await enrolBox('box-2');
  const long = await authorityIn(fleet.dataDir, () => Date.now() - 60 * DAY_MS);
  const key = new X509Certificate(credentials.current()?.cert ?? '').publicKey;
  const expired = await long.issueDevice('box-2', key.export({ type: 'spki', format: 'pem' }).toString());
  await credentials.replace({ certificate: expired.certificatePem, caCertificate: fleet.ca });
  await assert.rejects(fleet.connect('box-2', credentials.current()));
  await runRenewal('box-2', credentials, { until: 'certificate renewed' });
  await (await fleet.connect('box-2', credentials.current())).endAsync();
});

test('a revoked box gets no certificate, and keeps asking', async () => {
  const { credentials } = await enrolBox('box-3');
  await fleet.call('POST', 'devices/box-3/revoke', {});
  const until = 'certificate not renewed';
  assert.deepEqual(await runRenewal('box-3', credentials, { aheadMs: 40 * DAY_MS, until }), [until]);
});

test('a certificate with life left is not renewed', async () => {
  const { credentials } = await enrolBox('box-4');
  const cert = credentials.current()?.cert;
  const renewal = createCertificateRenewal({
    identity: { deviceId: 'box-4' },
    credentials,
    serverUrl: fleet.url,
    fetch: () => Promise.reject(new Error('nobody should ask')),
    clock: { wallMs: () => Date.now() + 19 * DAY_MS, monotonicMs: () => performance.now() },
    random01: () => 0,
    log: silentLogger,
  });
  await renewal.start(SIGNAL);
  await renewal.stop();
  assert.equal(credentials.current()?.cert, cert);
});

interface Ask {
  readonly box: Box;
  readonly deviceId?: string;
  readonly nonce?: string;
  readonly signer?: Box;
}

const post = (path: string, body: unknown) => fleet.fetchAs()(`${fleet.url}/api/v1/${path}`, jsonPost(body));

async function nonceFor(deviceId: string): Promise<string> {
  const reply = await post('device/certificate/nonce', { deviceId });
  return ((await reply.json()) as { nonce: string }).nonce;
}

/** @returns the code the server answers with */
async function ask({ box, deviceId = box.id, signer = box, ...given }: Ask): Promise<string> {
  const nonce = given.nonce ?? (await nonceFor(deviceId));
  const proof = signBy(signer, renewalChallenge({ deviceId, nonce }));
  const reply = await post('device/certificate', { deviceId, csr: await csrOf(box, deviceId), nonce, proof });
  return reply.status === 200 ? 'renewed' : ((await reply.json()) as { code: string }).code;
}

test('who may have a new certificate', async () => {
  const box = makeBox('box-5');
  await fleet.enrol(box);
  await fleet.enrol(makeBox('box-6'));
  const gone = makeBox('box-7');
  await fleet.enrol(gone);
  await fleet.call('POST', 'devices/box-7/decommission', {});
  const nonce = await nonceFor('box-5');
  assert.equal(await ask({ box, nonce }), 'renewed');
  assert.equal(await ask({ box, nonce }), 'NONCE_INVALID', 'a nonce counts once');
  assert.equal(await ask({ box, nonce: await nonceFor('box-6') }), 'NONCE_INVALID', 'of another device');
  assert.equal(await ask({ box, nonce: `${Date.now() + 60_000}.a.b` }), 'NONCE_INVALID', 'made up');
  assert.equal(await ask({ box, deviceId: 'box-6' }), 'DEVICE_REFUSED', 'another device');
  assert.equal(await ask({ box: makeBox('box-5') }), 'DEVICE_REFUSED', 'another key');
  assert.equal(
    await ask({ box, signer: makeBox('box-5') }),
    'PROOF_INVALID',
    'a public key without the private one',
  );
  assert.equal(await ask({ box: makeBox('box-8') }), 'DEVICE_REFUSED', 'an unknown device');
  assert.equal(await ask({ box: gone }), 'DEVICE_REFUSED', 'a decommissioned device');
});

const WRONG_CLOCKS = [
  ['at 1970', -Date.now()],
  ['a day back', -DAY_MS],
  ['a year ahead', 365 * DAY_MS],
] as const;
for (const [index, [name, aheadMs]] of WRONG_CLOCKS.entries()) {
  test(`a box that starts with its clock ${name} renews its certificate once, and rests`, async () => {
    const { credentials } = await enrolBox(`wrong-${index}`);
    const until = 'certificate renewed';
    let looks = 0;
    const said = await runRenewal(`wrong-${index}`, credentials, {
      until,
      aheadMs: () => {
        looks += 1;
        return aheadMs;
      },
      andThen: () => delay(50),
    });
    assert.deepEqual(said, [until]);
    assert.ok(looks > 0);
  });
}

test('when the clock is set right while a box waits, its certificate is not renewed too late', async () => {
  const { credentials } = await enrolBox('box-6');
  let looks = 0;
  // Restored from the day of the last shutdown, then set by a time server.
  const aheadMs = (): number => (looks++ < 3 ? 0 : 25 * DAY_MS);
  const said = await runRenewal('box-6', credentials, { aheadMs, until: 'certificate renewed' });
  assert.deepEqual(said, ['certificate renewed']);
});
