import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { agentError } from '../../agent/src/kernel/errors.ts';
import type { CommandOrder } from '../../shared/src/trust/command-order.ts';
import {
  COMMAND_DIRECTOR,
  type CommandedBox,
  composeCommand,
  openCommandedBox,
  signCommand,
} from '../support/commanded-box.ts';
import { makeKeyPair } from '../support/test-bundle.ts';
import { until } from '../support/until.ts';

type Options = Omit<Parameters<typeof openCommandedBox>[0], 'dataDir'>;

async function openBox(t: TestContext, options: Options = {}): Promise<CommandedBox> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-commands-'));
  const box = await openCommandedBox({ dataDir, ...options });
  t.after(async () => {
    await box.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return box;
}

const snapshot = (counter: number, change: Partial<CommandOrder> = {}) =>
  composeCommand(counter, { name: 'snapshot', args: { camera: 'door' }, ...change });
/** Something that goes on until it is let go. */
function makeGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

test('a command is done with what it is told, and its result is the reply', async (t) => {
  const box = await openBox(t, { table: { snapshot: async () => ({ result: { sizeBytes: 9 } }) } });
  await box.send(snapshot(1));
  assert.deepEqual(await box.reply('command-1'), {
    ...{ name: 'snapshot', id: 'command-1', state: 'done', result: { sizeBytes: 9 } },
  });
  assert.deepEqual(box.begun, [{ name: 'snapshot', id: 'command-1', args: { camera: 'door' } }]);
});

test('what keeps a command from being done is told with its code, and a failure with what was found', async (t) => {
  const box = await openBox(t, {
    table: {
      snapshot: async () => {
        throw agentError('CAMERA_UNKNOWN', 'there is no camera "door"');
      },
      'restart-agent': async () => {
        throw agentError('COMMAND_UNAVAILABLE', 'nobody would start it again');
      },
      selftest: async () => ({ result: { trials: 2 }, failure: { code: 'SELFTEST_FAILED', detail: 'odd' } }),
    },
  });
  await box.send(snapshot(1));
  await box.send(composeCommand(2, { name: 'selftest' }));
  const { state, code, detail } = await box.reply('command-1');
  assert.deepEqual([state, code, detail], ['failed', 'CAMERA_UNKNOWN', 'there is no camera "door"']);
  await box.send(composeCommand(3));
  const kept = await box.reply('command-3');
  assert.deepEqual([kept.state, kept.code], ['refused', 'COMMAND_UNAVAILABLE']);
  const tested = await box.reply('command-2');
  assert.deepEqual([tested.state, tested.code, tested.result], ['failed', 'SELFTEST_FAILED', { trials: 2 }]);
});

test('a result too long for a message is not sent', async (t) => {
  const box = await openBox(t, {
    table: { selftest: async () => ({ result: { text: 'x'.repeat(40_000) } }) },
  });
  await box.send(composeCommand(1, { name: 'selftest' }));
  const { state, code, result } = await box.reply('command-1');
  assert.deepEqual([state, code, result], ['failed', 'MESSAGE_INVALID', undefined]);
});

const REFUSED: readonly (readonly [string, string, () => Promise<string>])[] = [
  ['signed with another key', 'ORDER_INVALID', () => signCommand(snapshot(9), makeKeyPair().privateKey)],
  ['for another box', 'ORDER_INVALID', () => signCommand(snapshot(9, { deviceId: 'gate-4' }))],
  ['under the id of another', 'ORDER_INVALID', () => signCommand(snapshot(9, { id: 'command-8' }))],
  [
    'on the topic of another',
    'ORDER_INVALID',
    () => signCommand(composeCommand(9, { name: 'restart-agent' })),
  ],
  [
    'that is an order of a model by its type',
    'ORDER_INVALID',
    () => signCommand(snapshot(9), COMMAND_DIRECTOR.privateKey, 'watchpost-order+jws'),
  ],
  ['that nobody knows', 'ORDER_INVALID', () => signCommand({ ...snapshot(9), name: 'reboot' })],
  ['with a field nobody knows', 'ORDER_INVALID', () => signCommand({ ...snapshot(9), force: true })],
  ['that is no token', 'ORDER_INVALID', async () => 'x'.repeat(40)],
  ['that is older', 'ORDER_REPLAYED', () => signCommand(snapshot(4, { id: 'command-9' }))],
  [
    'with arguments it does not take',
    'MESSAGE_INVALID',
    () => signCommand(snapshot(9, { args: { camera: '../x' } })),
  ],
  [
    'with too much',
    'MESSAGE_INVALID',
    () => signCommand(snapshot(9, { args: { camera: 'door', path: '/' } })),
  ],
];
for (const [name, expected, make] of REFUSED) {
  test(`a command ${name} is refused with ${expected}, and not begun; nor is it after a restart`, async (t) => {
    const box = await openBox(t);
    await box.send(snapshot(5));
    await box.reply('command-5');
    const token = await make();
    for (const again of [false, true]) {
      if (again) await box.restart();
      box.tell('snapshot', 'command-9', token);
      await box.settle();
      const { state, code } = await box.reply('command-9');
      assert.deepEqual([state, code, box.begun.length], ['refused', expected, 1]);
    }
    await box.send(snapshot(10));
    assert.equal((await box.reply('command-10')).state, 'done');
  });
}

test('a command that is told again is done once, and its reply is said again, after a restart too', async (t) => {
  const box = await openBox(t, { table: { snapshot: async () => ({ result: { sizeBytes: 9 } }) } });
  await box.send(snapshot(1));
  const first = await box.reply('command-1');
  await box.send(snapshot(1));
  await box.settle();
  await box.restart();
  await box.send(snapshot(1));
  await box.settle();
  const said = box.replies.filter(({ id }) => id === 'command-1');
  assert.deepEqual(said, [first, first, first]);
  assert.equal(box.begun.length, 1);
});

test('what the agent was at when it ended is not begun again, and told as interrupted', async (t) => {
  const box = await openBox(t, {
    table: {
      selftest: (_args, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    },
  });
  await box.send(composeCommand(1, { name: 'selftest' }));
  await until('it is begun', () => box.begun.length === 1);
  await box.restart();
  assert.deepEqual(box.replies, []);
  await box.send(composeCommand(1, { name: 'selftest' }));
  const { state, code } = await box.reply('command-1');
  assert.deepEqual([state, code, box.begun.length], ['failed', 'COMMAND_INTERRUPTED', 1]);
});

test('commands that measure are done one after the other, others beside them; too many are refused', async (t) => {
  const gate = makeGate();
  const held = async () => {
    await gate.passed;
    return {};
  };
  const box = await openBox(t, { table: { selftest: held, benchmark: held } });
  await box.send(composeCommand(1, { name: 'selftest' }));
  await box.send(composeCommand(2, { name: 'benchmark' }));
  await box.send(snapshot(3));
  await box.reply('command-3');
  assert.deepEqual(
    box.begun.map(({ name }) => name),
    ['selftest', 'snapshot'],
  );
  for (const counter of [4, 5, 6]) await box.send(composeCommand(counter, { name: 'benchmark' }));
  const { state, code } = await box.reply('command-6');
  assert.deepEqual([state, code], ['refused', 'COMMAND_BUSY']);
  gate.open();
  assert.equal((await box.reply('command-5')).state, 'done');
  assert.deepEqual(
    box.begun.map(({ id }) => id),
    ['command-1', 'command-3', 'command-2', 'command-4', 'command-5'],
  );
});

test('a command that comes too late by a clock in step is not begun; by another clock it is', async (t) => {
  const box = await openBox(t);
  box.clock.wallMs = 1_070_000;
  await box.send(snapshot(1));
  assert.deepEqual([(await box.reply('command-1')).state, box.begun.length], ['expired', 0]);
  box.clock.isSynced = false;
  await box.send(snapshot(2));
  assert.equal((await box.reply('command-2')).state, 'done');
});

test('a command that takes longer than anybody waits is given up, and the next one has its turn', async (t) => {
  const gate = makeGate();
  const box = await openBox(t, {
    table: {
      'restart-camera': async (_args, { id }) => (id === 'command-1' ? gate.passed.then(() => ({})) : {}),
    },
  });
  const camera = { name: 'restart-camera', args: { camera: 'door' } } as const;
  await box.send(composeCommand(1, { ...camera, expiresMs: 1_000_050 }));
  await box.send(composeCommand(2, camera));
  const { state, code } = await box.reply('command-1');
  assert.deepEqual([state, code], ['expired', 'COMMAND_EXPIRED']);
  assert.equal((await box.reply('command-2')).state, 'done');
  gate.open();
});

test('a reply is on the disk and on its way before what follows from the command', async (t) => {
  let repliesBefore = -1;
  const box = await openBox(t, {
    table: {
      'restart-agent': async () => ({
        afterwards: () => {
          repliesBefore = box.replies.length;
        },
      }),
    },
  });
  await box.send(composeCommand(1));
  await until('it restarts', () => repliesBefore >= 0);
  assert.equal(repliesBefore, 1);
});

const FILES = ['command-mark.json', 'command-replies.json'];
for (const name of FILES) {
  test(`a torn ${name} opens no way for an older command`, async (t) => {
    const box = await openBox(t);
    for (const counter of [1, 2]) {
      await box.send(snapshot(counter));
      await box.reply(`command-${counter}`);
    }
    await box.stop();
    await writeFile(join(box.dataDir, name), '{"counter":');
    await box.restart();
    assert.ok((await readdir(box.dataDir)).includes(`${name}.damaged`));
    box.tell('snapshot', 'old', await signCommand(snapshot(1, { id: 'old' })));
    assert.equal((await box.reply('old')).code, 'ORDER_REPLAYED');
    assert.equal(box.begun.length, 2);
  });
}

test('a disk that is full keeps nobody from asking what is wrong with the box', async (t) => {
  const box = await openBox(t, {
    store: (real) => ({
      ...real,
      save: async () => {
        throw agentError('DISK_FULL', 'no room on the disk');
      },
    }),
  });
  await box.send(composeCommand(1, { name: 'diagnostics' }));
  assert.equal((await box.reply('command-1')).state, 'done');
  await box.send(composeCommand(1, { name: 'diagnostics' }));
  await box.settle();
  assert.equal(box.begun.length, 1);
});
