import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseMachine, type MachineFacts } from './diagnose-machine.ts';

const SAMPLE: MachineFacts['sample'] = {
  temperatures: [
    { zone: 'gpu', celsius: 50 },
    { zone: 'cpu', celsius: 61 },
  ],
  memory: { totalBytes: 4e9, availableBytes: 2e9, agentRssBytes: 1 },
  throttled: false,
  cpu: { load01: 0.3, loadAvg1: 1 },
};
const SOUND: MachineFacts = { sample: SAMPLE, cores: 4, piThrottled: 0, oomKills: 0, disks: [] };
const sample = (change: Partial<MachineFacts['sample']>): Partial<MachineFacts> => ({
  sample: { ...SAMPLE, ...change },
});
const heat = (celsius: number) => sample({ temperatures: [{ zone: 'cpu', celsius }] });

test('a sound machine is all well', () =>
  assert.deepEqual([...new Set(diagnoseMachine(SOUND).map(({ verdict }) => verdict))], ['ok']));

test('a machine that is slowed down says why, where it knows', () => {
  const slowed = sample({ throttled: true, throttleReasons: ['core_heat', 'over_current'] });
  const { piThrottled: _, ...machine } = SOUND;
  const [heat] = diagnoseMachine({ ...machine, ...slowed });
  assert.equal(
    heat?.found,
    'the processor is slowed down to protect itself (cpu: 61 C): core heat, over current',
  );
});

const CASES: readonly (readonly [string, Partial<MachineFacts>, string, string])[] = [
  ['it is warm', heat(76), 'temperature', 'warning'],
  ['it is hot', heat(86), 'temperature', 'problem'],
  ['it has no sensor', sample({ temperatures: [] }), 'temperature', 'skipped'],
  ['it is slowed down', { ...sample({ throttled: true }), piThrottled: 0x4 }, 'temperature', 'problem'],
  ['its voltage is too low', { ...sample({ throttled: true }), piThrottled: 0x50001 }, 'voltage', 'problem'],
  ['its voltage was too low', { piThrottled: 0x50000 }, 'voltage', 'warning'],
  ['its memory runs out', sample({ memory: { ...SAMPLE.memory, availableBytes: 1e8 } }), 'memory', 'warning'],
  ['processes were ended', { oomKills: 2 }, 'out of memory', 'warning'],
  ['it is busy', sample({ cpu: { load01: 1, loadAvg1: 9 } }), 'load', 'warning'],
  ['its card is worn', { disks: [{ name: 'mmcblk0', lifeTenths: 10 }] }, 'wear', 'warning'],
  ['its disk fails', { disks: [{ name: 'sda', errors: 3 }] }, 'disk', 'problem'],
];
for (const [what, change, name, verdict] of CASES) {
  test(`when ${what}, its ${name} is ${verdict}`, () => {
    const wrong = diagnoseMachine({ ...SOUND, ...change }).filter((check) => check.verdict !== 'ok');
    assert.deepEqual(
      wrong.map((check) => [check.name, check.verdict]),
      [[name, verdict]],
    );
  });
}
