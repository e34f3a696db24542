import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  computeLoad01,
  findLimitCelsius,
  parseCelsius,
  parseCpuTicks,
  parseLoadAvg1,
  parseMemory,
  parseNetworkBytes,
  parsePressureSome10,
  parseUptimeSec,
} from './proc-parse.ts';

const STAT = `cpu  10132153 290696 3084719 46828483 16683 0 25195 500 175628 0
cpu0 1393280 32966 572056 13343292 6130 0 17875 250 23933 0
cpu1 1335010 28900 580001 13300000 5000 0 3000 250 20000 0
intr 114930548 113199788 3 0 5
ctxt 1990473
btime 1062191376
`;

const MEMINFO = `MemTotal:        3884344 kB
MemFree:          231896 kB
MemAvailable:    2790120 kB
Buffers:          142868 kB
Cached:          2428768 kB
SwapCached:            0 kB
`;

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 83419812   95123    0    0    0     0          0         0 83419812   95123    0    0    0     0       0          0
  eth0: 1215402342  912345    0   12    0     0          0     33512 98123456  543210    0    0    0     0       0          0
 wlan0:  5000   10    0    0    0     0          0         0     700       9    0    0    0     0       0          0
docker0: 999999 100 0 0 0 0 0 0 888888 100 0 0 0 0 0 0
veth12ab@if7:  777777 100 0 0 0 0 0 0 666666 100 0 0 0 0 0 0
`;

test('idle and waiting for disk are not busy, and guest time is not counted twice', () => {
  const total = 10132153 + 290696 + 3084719 + 46828483 + 16683 + 25195 + 500;
  assert.deepEqual(parseCpuTicks(STAT), { busy: total - 46828483 - 16683, total });
});

test('a text that is not /proc/stat has no ticks', () => {
  for (const text of ['', 'intr 1 2 3', 'cpu  a b c d', 'cpu 1 2']) {
    assert.equal(parseCpuTicks(text), undefined, text);
  }
});

const LOADS = [
  ['nothing worked', { busy: 10, total: 100 }, { busy: 10, total: 200 }, 0],
  ['a quarter worked', { busy: 10, total: 100 }, { busy: 35, total: 200 }, 0.25],
  ['everything worked', { busy: 0, total: 0 }, { busy: 50, total: 50 }, 1],
  ['no time passed', { busy: 10, total: 100 }, { busy: 10, total: 100 }, 0],
  ['busy ran ahead of the total', { busy: 0, total: 0 }, { busy: 12, total: 10 }, 1],
  ['the counters began anew', { busy: 900, total: 1000 }, { busy: 1, total: 10 }, 0],
] as const;
for (const [name, before, after, load01] of LOADS) {
  test(`load: when ${name}, it is ${load01}`, () => assert.equal(computeLoad01(before, after), load01));
}

test('memory is read in bytes', () => {
  assert.deepEqual(parseMemory(MEMINFO), { totalBytes: 3884344 * 1024, availableBytes: 2790120 * 1024 });
});

test('when the kernel is too old for MemAvailable, free and cache stand in', () => {
  const old = MEMINFO.replace(/^MemAvailable.*\n/m, '');
  assert.equal(parseMemory(old)?.availableBytes, (231896 + 142868 + 2428768) * 1024);
  assert.equal(parseMemory('nothing'), undefined);
});

test('pressure is the share of the last ten seconds', () => {
  const pressure = 'some avg10=1.25 avg60=0.38 avg300=0.44 total=16534525\nfull avg10=0.00 avg60=0.00\n';
  assert.equal(parsePressureSome10(pressure), 1.25);
  assert.equal(parsePressureSome10(''), undefined);
});

test('load average and uptime are the first number', () => {
  assert.equal(parseLoadAvg1('0.52 0.58 0.59 2/613 12345\n'), 0.52);
  assert.equal(parseUptimeSec('350735.47 234388.90\n'), 350735.47);
  assert.equal(parseLoadAvg1(''), undefined);
  assert.equal(parseUptimeSec('soon'), undefined);
});

test('network bytes are those of the physical interfaces', () => {
  assert.deepEqual(parseNetworkBytes(NET_DEV), { rxBytes: 1215402342 + 5000, txBytes: 98123456 + 700 });
  assert.equal(parseNetworkBytes(''), undefined);
});

const TEMPERATURES = [
  ['51234\n', 51.234],
  ['-5000', -5],
  ['0', 0],
  ['-274000', undefined],
  ['2147483647', undefined],
  ['', undefined],
  ['N/A', undefined],
] as const;
for (const [text, celsius] of TEMPERATURES) {
  test(`temperature ${JSON.stringify(text)} is ${celsius}`, () => assert.equal(parseCelsius(text), celsius));
}

test('the limit of a sensor is the lowest point at which something is slowed down or switched off', () => {
  const point = (type: string, milliCelsius: string) => ({ type, milliCelsius });
  const passive = point('passive', '95000');
  assert.equal(findLimitCelsius([point('critical', '105000'), passive, point('active', '50000')]), 95);
  assert.equal(findLimitCelsius([point('critical', '110000')]), 110);
  assert.equal(findLimitCelsius([point('passive', '0'), point('passive', '-274000')]), undefined);
  assert.equal(findLimitCelsius([point('hot', '')]), undefined);
});
