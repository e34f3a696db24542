import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from './kernel/errors.ts';
import { formatTopic, parsePayload, parseTopic, TOPIC_KINDS, topicSubject } from './topics.ts';

test('every topic of the tree survives formatting and parsing', () => {
  for (const kind of TOPIC_KINDS) {
    const address = { fleet: 'bcn', device: 'box-1', kind };
    const about = { camera: { camera: 'gate' }, command: { command: 'snapshot' }, none: {} };
    const whole = { ...address, ...about[topicSubject(kind) ?? 'none'] };
    assert.deepEqual(parseTopic(formatTopic(whole)), whole);
  }
});

const FOREIGN = [
  'watchpost/v1/bcn/box-1',
  'watchpost/v2/bcn/box-1/status',
  'watchpost/v1/bcn/Box_1/status',
  'watchpost/v1/bcn/box-1/cam/status',
  'watchpost/v1/bcn/box-1/cam/a/b/status',
  'watchpost/v1/bcn/box-1/cam/+/status',
  'watchpost/v1/bcn/box-1/cmd',
  'watchpost/v1/bcn/box-1/cmd/',
  'watchpost/v1/bcn/box-1/cmd/+',
  'watchpost/v1/bcn/box-1/cmd/+/res',
  'watchpost/v1/bcn/box-1/cmd/reboot',
  'watchpost/v1/bcn/box-1/cmd/constructor',
  'watchpost/v1/bcn/box-1/cmd/snapshot/status',
  'watchpost/v1/bcn/box-1/cmd/snapshot/res/more',
  'watchpost/v1/bcn/box-1/cam/door/res',
  'watchpost/v1/bcn/box-1/constructor/x',
  'watchpost/v1/bcn/box-1/status/extra',
  '$SYS/broker/uptime',
  '',
];
for (const name of FOREIGN) {
  test(`"${name}" is not a topic of ours`, () => assert.equal(parseTopic(name), undefined));
}

test('an id that would leave its level is refused', () => {
  for (const device of ['a/b', '+', '#', '', 'A', 'x'.repeat(65)]) {
    assert.throws(
      () => formatTopic({ fleet: 'f', device, kind: 'status' }),
      (error: unknown) => isAppError(error, 'TOPIC_INVALID'),
    );
  }
});

test('a camera topic needs its camera, and no other topic has one', () => {
  assert.throws(() => formatTopic({ fleet: 'f', device: 'd', kind: 'cameraEvent' }), /camera/);
  assert.throws(() => formatTopic({ fleet: 'f', device: 'd', kind: 'birth', camera: 'c' }), /camera/);
});

test('a topic of a command needs a command there is, and no other topic has one', () => {
  const box = { fleet: 'f', device: 'd' };
  assert.equal(
    formatTopic({ ...box, kind: 'commandReply', command: 'snapshot' }),
    'watchpost/v1/f/d/cmd/snapshot/res',
  );
  assert.throws(() => formatTopic({ ...box, kind: 'command' }), /needs command/);
  assert.throws(() => formatTopic({ ...box, kind: 'command', command: 'reboot' }), /not a command/);
  assert.throws(
    () => formatTopic({ ...box, kind: 'command', command: 'snapshot', camera: 'c' }),
    /no camera/,
  );
  assert.throws(() => formatTopic({ ...box, kind: 'birth', command: 'snapshot' }), /no command/);
});

test('a payload is parsed by the schema of its topic', () => {
  const status = { state: 'online', session: 's', tsMs: 1 };
  assert.deepEqual(parsePayload('status', JSON.stringify(status)), status);
  assert.throws(
    () => parsePayload('status', '{"state":"odd","session":"s","tsMs":1}'),
    (error: unknown) => isAppError(error, 'MESSAGE_INVALID') && /state must be one of/.test(error.message),
  );
});
