import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSlowingDevice, judgeThrottleCounts, mergeReasons, parsePiThrottled } from './throttle-parse.ts';

const ALL = ['under_voltage', 'frequency_capped', 'throttled', 'soft_temperature_limit'];

const PI = [
  ['throttled=0x0\n', [], []],
  ['throttled=0x50005\n', ['under_voltage', 'throttled'], ['under_voltage', 'throttled']],
  ['throttled=0x50000\n', [], ['under_voltage', 'throttled']],
  ['throttled=0x8', ['soft_temperature_limit'], []],
  ['e0002', ['frequency_capped'], ['frequency_capped', 'throttled', 'soft_temperature_limit']],
  ['f000f\n', ALL, ALL],
  ['0', [], []],
] as const;
for (const [text, now, sinceBoot] of PI) {
  test(`a Raspberry Pi that says ${JSON.stringify(text)} is held back by ${now.join(', ') || 'nothing'}`, () =>
    assert.deepEqual(parsePiThrottled(text), { now, sinceBoot }));
}

test('a text that is no answer of a Raspberry Pi tells nothing', () => {
  for (const text of ['error=1 error_msg="Command not registered"', '', 'throttled=', '123456789'])
    assert.equal(parsePiThrottled(text), undefined, text);
});

test('a counter that has grown is a reason now, one that is above zero a reason since boot', () => {
  const before = new Map([
    ['package_heat', 7],
    ['core_heat', 0],
  ]);
  const grown = new Map([
    ['package_heat', 8],
    ['core_heat', 0],
  ]);
  assert.deepEqual(judgeThrottleCounts(undefined, before), { now: [], sinceBoot: ['package_heat'] });
  assert.deepEqual(judgeThrottleCounts(before, before), { now: [], sinceBoot: ['package_heat'] });
  assert.deepEqual(judgeThrottleCounts(before, grown), {
    now: ['package_heat'],
    sinceBoot: ['package_heat'],
  });
  assert.deepEqual(judgeThrottleCounts(new Map(), new Map([['core_heat', 1]])).now, ['core_heat']);
});

const COOLING = [
  ['thermal-cpufreq-0', true],
  ['cpufreq-cpu0', true],
  ['devfreq-17000000.gpu', true],
  ['Processor', true],
  ['cpu-throttle-alert', true],
  ['hot-surface-alert', true],
  ['pwm-fan', false],
  ['Fan', false],
  ['intel_powerclamp', false],
  ['', false],
] as const;
for (const [type, slows] of COOLING) {
  test(`cooling by ${type || 'nothing'} ${slows ? 'slows the box down' : 'costs nothing'}`, () =>
    assert.equal(isSlowingDevice(type), slows));
}

test('reasons of several sources are told once, and those of now are of the time since boot as well', () => {
  assert.deepEqual(
    mergeReasons([
      { now: ['thermal_cooling', 'under_voltage'], sinceBoot: [] },
      { now: ['under_voltage'], sinceBoot: ['throttled'] },
    ]),
    {
      now: ['thermal_cooling', 'under_voltage'],
      sinceBoot: ['throttled', 'thermal_cooling', 'under_voltage'],
    },
  );
});
