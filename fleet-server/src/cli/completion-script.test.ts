import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCompletion, SHELLS } from './completion-script.ts';

const COMMANDS = [
  { name: 'device list', summary: "the fleet's", options: { filter: { value: 'F', description: 'which' } } },
  { name: 'device config get', summary: 'show', options: { json: { description: 'JSON' } } },
  {
    name: 'apply',
    summary: 'a file',
    options: { file: { value: 'FILE', short: 'f', description: 'which one' } },
  },
];

for (const shell of SHELLS)
  test(`${shell} is told every word and option`, () => {
    const script = formatCompletion(shell, COMMANDS);
    for (const word of ['device', 'list', 'config', 'get', 'apply', 'filter', 'json', 'file'])
      assert.match(script, new RegExp(`\\b${word}\\b`));
  });

test('bash is told what may follow each word', () => {
  const script = formatCompletion('bash', COMMANDS);
  assert.match(script, /^ {4}""\) choices="device apply" ;;$/m);
  assert.match(script, /^ {4}"device"\) choices="list config" ;;$/m);
  assert.match(script, /^ {4}"apply"\|"apply "\*\) flags="--file" ;;$/m);
});

test('fish is told what each word is for, whatever quotes it has', () => {
  const script = formatCompletion('fish', COMMANDS);
  assert.match(script, /'__fleetctl_at "device"' -a list -d 'the fleet\\'s'/);
  assert.match(script, /'__fleetctl_in "apply"' -l file -s f -r -d 'which one'/);
});
