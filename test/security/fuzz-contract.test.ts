import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { Manifest, parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { isSafeBundlePath } from '@watchpost/shared/bundle/paths.ts';
import { FleetSettings, judgeFleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import type { CameraConfig } from '@watchpost/shared/config/settings.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { COMMAND_NAMES, findArgsProblems } from '@watchpost/shared/messages/command.ts';
import { formatTopic, parsePayload, parseTopic, TOPIC_KINDS, TOPICS } from '@watchpost/shared/topics.ts';
import { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import { ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import { Order } from '@watchpost/shared/trust/order.ts';
import fc from 'fast-check';
import { redactText } from '../../agent/src/commands/redact-text.ts';
import { readFleetLayer } from '../../agent/src/config/fleet-layer.ts';
import { parseRetryAfterMs } from '../../agent/src/download/retry-after.ts';
import {
  createJwsCommandReader,
  createJwsConfigReader,
  createJwsOrderReader,
} from '../../agent/src/trust/jws-order.ts';
import { parseByteRange } from '../../fleet-server/src/http/byte-range.ts';
import { composeCommand, signCommand } from '../support/commanded-box.ts';
import { composeConfigOrder, signConfig } from '../support/configured-box.ts';
import { assertParsedOrRefused, fuzz, jsonText, mutated } from '../support/fuzz.ts';
import { fromSchema } from '../support/schema-arbitrary.ts';
import { makeBundle, makeKeyPair } from '../support/test-bundle.ts';
import { composeOrder, signOrder } from '../support/test-order.ts';

const { publicKey, privateKey } = makeKeyPair();
const BUNDLE = makeBundle();
const GOOD_ORDER = composeOrder(BUNDLE);
const GOOD_SETTINGS = {
  cameras: [{ id: 'door', url: 'rtsp://10.0.0.3/1', credentialsFile: '10.0.0.3', fps: 2 }],
  cameraChanges: { film: { file: 'film.mp4', loop: true } },
  telemetry: { intervalSec: 5 },
};
const configReader = createJwsConfigReader({
  deviceId: 'gate-3',
  directorKeys: { list: async () => [publicKey] },
});
const commandReader = createJwsCommandReader({
  deviceId: 'gate-3',
  directorKeys: { list: async () => [publicKey] },
});
const reader = createJwsOrderReader({
  deviceId: GOOD_ORDER.deviceId,
  directorKeys: { list: async () => [publicKey] },
});
const manifests = mutated(fc.oneof(fc.constant<unknown>(BUNDLE.manifest), fromSchema(Manifest)));
const orders = mutated(fc.oneof(fc.constant<unknown>(GOOD_ORDER), fromSchema(Order)));

fuzz('a manifest is parsed, or refused with a code', jsonText(manifests), (text) =>
  assertParsedOrRefused(
    () => canonicalJson(parseManifest(parseJson(text, 'manifest'))),
    'MESSAGE_INVALID',
    'MANIFEST_INVALID',
    'MANIFEST_TOO_NEW',
  ),
);

fuzz('a manifest as a value is parsed, or refused with a code', fc.oneof(manifests, fc.anything()), (value) =>
  assertParsedOrRefused(
    () => parseManifest(value),
    'MANIFEST_INVALID',
    'MANIFEST_TOO_NEW',
    'MESSAGE_INVALID',
  ),
);

fuzz('a path of a bundle that is called safe stays in its folder', pathTexts(), (path) => {
  if (!isSafeBundlePath(path)) return;
  const inside = relative('/bundle', join('/bundle', path));
  assert.ok(inside !== '' && inside.split('/')[0] !== '..', `${JSON.stringify(path)} leads to ${inside}`);
});

fuzz('an order is read, or refused with a code, whatever the director signed', orders, async (order) => {
  const token = await signOrder(order as Order, privateKey);
  await assertParsedOrRefused(() => reader.read(token), 'ORDER_INVALID');
});

const settings = mutated(fc.oneof(fc.constant<unknown>(GOOD_SETTINGS), fromSchema(FleetSettings)));
fuzz('settings of a fleet are judged, whatever they are', fc.oneof(settings, fc.anything()), (value) => {
  const verdict = judgeFleetSettings(value);
  assert.ok(verdict.kind === 'sound' || verdict.problems.length > 0);
});

fuzz('settings a fleet may set name no file outside of the folders for it', settings, (value) => {
  const verdict = judgeFleetSettings(value);
  if (verdict.kind === 'unsound') return;
  const { tree } = readFleetLayer({ name: 'x', settings: verdict.settings, dataDir: '/data' }, {});
  for (const { file, credentialsFile } of (tree.cameras ?? []) as readonly CameraConfig[])
    for (const path of [file, credentialsFile].filter((name) => name !== undefined))
      assert.match(join(path), /^\/data\/(media|credentials)\/[^/]+$/);
});

const documents = mutated(
  fc.oneof(fc.constant<unknown>(composeConfigOrder(1, GOOD_SETTINGS)), fromSchema(ConfigOrder)),
);
fuzz(
  'a document of settings is read, or refused with a code, whatever the director signed',
  documents,
  async (order) => {
    const token = await signConfig(order as object, privateKey);
    await assertParsedOrRefused(() => configReader.read(token), 'ORDER_INVALID');
  },
);

const commands = mutated(fc.oneof(fc.constant<unknown>(composeCommand(1)), fromSchema(CommandOrder)));
fuzz('a command is read, or refused with a code, whatever the director signed', commands, async (order) => {
  const token = await signCommand(order as object, privateKey);
  await assertParsedOrRefused(() => commandReader.read(token), 'ORDER_INVALID');
});

fuzz(
  'what a command is told is judged, whatever it is',
  fc.tuple(fc.constantFrom(...COMMAND_NAMES), fc.oneof(commands, fc.anything())),
  ([name, args]) => {
    const problems = findArgsProblems(name, args);
    assert.ok(problems.every(({ path, message }) => path !== '' && message !== ''));
  },
);

fuzz(
  'no password in an address is left in diagnostics, whatever stands around it',
  fc.tuple(fc.string(), fc.stringMatching(/^[A-Za-z0-9!$%^*()_+.~-]{1,20}$/), fc.string()),
  ([before, password, after]) => {
    const text = JSON.stringify({ before, url: `rtsp://admin:${password}@10.0.0.3/1`, after });
    assert.ok(!redactText(text).includes(`admin:${password}@`), text);
  },
);

const tokens = fc
  .tuple(
    mutated(fc.constant<unknown>({ alg: 'EdDSA', typ: 'watchpost-order+jws', kid: 'a'.repeat(64) })),
    orders,
    fc.base64String({ maxLength: 100 }),
  )
  .map(([header, payload, signature]) =>
    [header, payload]
      .map((part) => Buffer.from(JSON.stringify(part) ?? '').toString('base64url'))
      .concat(signature)
      .join('.'),
  );
fuzz(
  'no text but what the director signed is an order',
  fc.oneof(tokens, fc.string({ maxLength: 200 }), fc.base64String({ maxLength: 300 })),
  async (token) => {
    await assert.rejects(reader.read(token), { code: 'ORDER_INVALID' });
    await assert.rejects(configReader.read(token), { code: 'ORDER_INVALID' });
    await assert.rejects(commandReader.read(token), { code: 'ORDER_INVALID' });
  },
);

for (const kind of TOPIC_KINDS) {
  const payloads = jsonText(mutated(fromSchema(TOPICS[kind].schema)));
  const bytes = fc.uint8Array({ maxLength: 64 });
  fuzz(`a payload of ${kind} is parsed, or refused with a code`, fc.oneof(payloads, bytes), (payload) =>
    assertParsedOrRefused(() => parsePayload(kind, payload), 'MESSAGE_INVALID'),
  );
}

fuzz('a topic that is parsed is the one it came from', topicTexts(), (name) => {
  const topic = parseTopic(name);
  if (topic !== undefined) assert.equal(formatTopic(topic), name);
});

fuzz(
  'a range lies inside of the file, whatever the header says',
  fc.tuple(rangeHeaders(), fc.nat(2 ** 31)),
  ([header, sizeBytes]) => {
    const range = parseByteRange(header, sizeBytes);
    if (range.kind !== 'part') return;
    assert.ok(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end), header);
    assert.ok(range.start >= 0 && range.start <= range.end && range.end < sizeBytes, header);
  },
);

fuzz(
  'a pause is a number of milliseconds, whatever the header says',
  fc.oneof(fc.string(), fc.stringMatching(/^\d{1,400}$/), fc.date().map(String)),
  (header) => {
    const pauseMs = parseRetryAfterMs(header, 1e12);
    assert.ok(pauseMs === undefined || (pauseMs >= 0 && pauseMs <= 3_600_000), String(pauseMs));
  },
);

function pathTexts(): fc.Arbitrary<string> {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', '\\', '\0', '%2e%2e', 'é', ' '), fc.string());
  return fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/'));
}

function topicTexts(): fc.Arbitrary<string> {
  const words = [
    'watchpost',
    'v1',
    'main',
    'box-1',
    'cam',
    'cmd',
    'snapshot',
    'res',
    'gate',
    'status',
    'event',
    '+',
    '#',
    '',
    '..',
    '$SYS',
  ];
  const parts = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 })), { maxLength: 8 });
  return fc.oneof(
    parts.map((it) => it.join('/')),
    parts.map((it) => ['watchpost', 'v1', 'main', 'box-1', ...it].join('/')),
  );
}

function rangeHeaders(): fc.Arbitrary<string> {
  const number = fc.oneof(
    fc.nat().map(String),
    fc.stringMatching(/^\d{0,400}$/),
    fc.constantFrom('', '-1', '1e9'),
  );
  return fc.oneof(
    fc.tuple(number, number).map(([first, last]) => `bytes=${first}-${last}`),
    fc.string(),
  );
}
