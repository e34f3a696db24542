import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSimulateArguments, SCENARIO_NAMES } from './arguments.ts';
import { loadScenario } from './scenario-file.ts';

test('without arguments, a hundred steady boxes on a server of their own', () => {
  assert.deepEqual(parseSimulateArguments([]), {
    devices: 100,
    workers: 1,
    scenario: 'steady',
    seed: 1,
    json: false,
  });
});

test('ten thousand boxes are played by two processes', () => {
  const request = parseSimulateArguments(['--devices', '10000', '--minutes', '2']);
  assert.deepEqual(request !== 'help' && [request.workers, request.minutes], [2, 2]);
});

test('a server that is there needs a way in', () => {
  const request = parseSimulateArguments(['--server', 'https://fleet.example', '--token-file', 't']);
  assert.deepEqual(request !== 'help' && request.server, {
    url: 'https://fleet.example',
    fleet: 'main',
    user: 'admin',
    tokenFile: 't',
  });
});

for (const [args, said] of [
  [['--devices', '0'], /--devices takes 1 to 20000/],
  [['--devices', 'many'], /--devices takes/],
  [['--minutes=-1'], /--minutes takes/],
  [['--server', 'https://x'], /--token-file or --password-file/],
  [['--server', 'https://x', '--own', '--token-file', 't'], /either --own or --server/],
  [['--token-file', 't'], /go with --server/],
] as const)
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(() => parseSimulateArguments(args), said);
  });

for (const name of SCENARIO_NAMES)
  test(`the scenario ${name} is sound and says what it is`, async () => {
    assert.ok((await loadScenario(name)).description.length > 20);
  });

test('a scenario that is not there is named', async () => {
  await assert.rejects(loadScenario('nowhere'), /there is no scenario nowhere/);
});
