import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommandArgs, requireCommandName } from './cmd-args.ts';

test('texts become what a command takes', () => {
  assert.deepEqual(readCommandArgs('snapshot', ['camera=door']), { camera: 'door' });
  assert.deepEqual(readCommandArgs('loglevel', ['level=debug', 'minutes=15']), {
    level: 'debug',
    minutes: 15,
  });
  assert.deepEqual(readCommandArgs('diagnostics', ['parts=log,settings', 'lines=9']), {
    parts: ['log', 'settings'],
    lines: 9,
  });
  assert.deepEqual(readCommandArgs('selftest', []), {});
});

const WRONG = [
  ['snapshot', [], /camera/],
  ['snapshot', ['camera'], /key=value/],
  ['snapshot', ['camera=Door 1'], /camera/],
  ['snapshot', ['camera=door', 'fast=yes'], /fast is not a known key/],
  ['loglevel', ['level=loud', 'minutes=soon'], /level.*minutes/],
  ['diagnostics', ['parts=keys'], /parts/],
  ['restart-agent', ['constructor=x'], /constructor/],
] as const;
for (const [name, texts, problem] of WRONG)
  test(`${name} does not take ${texts.join(' ') || 'nothing'}`, () => {
    assert.throws(() => readCommandArgs(name, texts), { code: 'USAGE', message: problem });
  });

test('a command nobody knows is named, with those there are', () => {
  assert.equal(requireCommandName('snapshot'), 'snapshot');
  assert.throws(() => requireCommandName('reboot'), { code: 'USAGE', message: /"reboot".*restart-agent/ });
});
