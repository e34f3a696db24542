import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { createGpuSet } from '../../agent/src/telemetry/gpu/gpu-set.ts';
import { createIntelGpu } from '../../agent/src/telemetry/gpu/intel-gpu.ts';
import { createJetsonGpu } from '../../agent/src/telemetry/gpu/jetson-gpu.ts';
import type { GpuSource } from '../../agent/src/telemetry/port.ts';
import { createProcTelemetry } from '../../agent/src/telemetry/proc-telemetry.ts';
import { createSysFiles } from '../../agent/src/telemetry/sys/sys-files.ts';
import { createSysRoot, type SysRoot } from '../support/sys-root.ts';

const NO_GPU: GpuSource = { read: async () => [] };
const OUTBOX = { rows: 1, bytes: 2, oldestSec: 3, dropped: 4 };
const parseTelemetry = createParser(Telemetry, 'telemetry');
let root: SysRoot;

beforeEach(() => {
  root = createSysRoot();
});
afterEach(() => root.remove());

const openTelemetry = (pid = 100) =>
  createProcTelemetry({ root: root.path, dataDir: root.path, gpu: NO_GPU, pid });

describe('graphics of a Jetson', () => {
  const readGpu = () => createJetsonGpu(createSysFiles(root.path)).read();

  test('load and clock are those of its devfreq device', async () => {
    root.lay({
      'sys/class/devfreq/17000000.gpu/device/load': '457\n',
      'sys/class/devfreq/17000000.gpu/cur_freq': '306000000\n',
      'sys/class/devfreq/17000000.gpu/max_freq': '918000000\n',
      'sys/class/devfreq/31b00000.emc/device/load': '999\n',
    });
    assert.deepEqual(await readGpu(), [
      { name: 'Jetson GPU', load01: 0.457, frequencyMhz: 306, maxFrequencyMhz: 918 },
    ]);
  });

  const PLACES = [
    'sys/devices/gpu.0',
    'sys/devices/platform/gpu.0',
    'sys/devices/platform/bus@0/17000000.gpu',
  ];
  for (const place of [...PLACES, 'sys/devices/17000000.ga10b', 'sys/devices/57000000.gpu']) {
    test(`without devfreq, its load is found in ${place}`, async () => {
      root.lay({ [`${place}/load`]: '1000\n' });
      assert.deepEqual(await readGpu(), [{ name: 'Jetson GPU', load01: 1 }]);
    });
  }

  test('a board with other graphics has none', async () => {
    root.lay({ 'sys/class/devfreq/fb000000.gpu/load': '12@300000000Hz\n' });
    assert.deepEqual(await readGpu(), []);
  });
});

describe('graphics of Intel', () => {
  let nowMs = 0;
  const open = () => createIntelGpu(createSysFiles(root.path), { monotonicMs: () => nowMs });
  const CARD = 'sys/class/drm/card0';
  const layCard = (files: Readonly<Record<string, string>>) => {
    root.lay({ [`${CARD}/device/vendor`]: '0x8086\n', [`${CARD}-HDMI-A-1/status`]: 'connected\n' });
    root.lay(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${CARD}/${name}`, text])));
  };

  test('with the i915 driver, what it did not sleep it was awake, and the busier of two blocks counts', async () => {
    layCard({
      'gt/gt0/rc6_residency_ms': '10000\n',
      'gt/gt0/rps_act_freq_mhz': '650\n',
      'gt/gt0/rps_RP0_freq_mhz': '1300\n',
      'gt/gt1/rc6_residency_ms': '500\n',
    });
    const gpu = open();
    nowMs = 1000;
    assert.deepEqual(await gpu.read(), [
      { name: 'Intel GPU card0', frequencyMhz: 650, maxFrequencyMhz: 1300 },
    ]);
    nowMs = 6000;
    layCard({ 'gt/gt0/rc6_residency_ms': '12000\n', 'gt/gt1/rc6_residency_ms': '5500\n' });
    assert.deepEqual(await gpu.read(), [
      { name: 'Intel GPU card0', load01: 0.6, frequencyMhz: 650, maxFrequencyMhz: 1300 },
    ]);
  });

  const DRIVERS = [
    ['xe', 'device/tile0/gt0/gtidle/idle_residency_ms', 'device/tile0/gt0/freq0/act_freq'],
    ['an old i915', 'power/rc6_residency_ms', 'gt_act_freq_mhz'],
  ] as const;
  for (const [driver, residency, frequency] of DRIVERS) {
    test(`with the driver ${driver}, its counter is found`, async () => {
      layCard({ [residency]: '100', [frequency]: '0' });
      const gpu = open();
      await gpu.read();
      nowMs += 2000;
      layCard({ [residency]: '2100' });
      assert.deepEqual(await gpu.read(), [{ name: 'Intel GPU card0', load01: 0, frequencyMhz: 0 }]);
    });
  }

  test('the card of another maker is none', async () => {
    root.lay({ [`${CARD}/device/vendor`]: '0x10de\n', [`${CARD}/gt/gt0/rc6_residency_ms`]: '1\n' });
    assert.deepEqual(await open().read(), []);
  });

  test('a box has the cards of every maker', async () => {
    const set = createGpuSet([{ read: async () => [{ name: 'A2' }] }, NO_GPU, open()]);
    layCard({ 'gt/gt0/rc6_residency_ms': '1\n' });
    assert.deepEqual(await set.read(), [{ name: 'A2' }, { name: 'Intel GPU card0' }]);
  });
});

describe('throttling', () => {
  const reasons = async (source = openTelemetry()) => {
    const { throttled, throttleReasons, throttleReasonsSinceBoot } = await source.sample(0);
    return [throttled, throttleReasons, throttleReasonsSinceBoot];
  };

  test('a Raspberry Pi tells each of its reasons, now and since it was started', async () => {
    root.lay({ 'sys/devices/platform/soc/soc:firmware/get_throttled': '50001\n' });
    assert.deepEqual(await reasons(), [true, ['under_voltage'], ['under_voltage', 'throttled']]);
  });

  test('a Raspberry Pi that has only a voltage alarm tells of its voltage', async () => {
    root.lay({
      'sys/class/hwmon/hwmon1/name': 'rpi_volt\n',
      'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n',
      'sys/class/hwmon/hwmon2/name': 'other\n',
      'sys/class/hwmon/hwmon2/in0_lcrit_alarm': '1\n',
    });
    assert.deepEqual(await reasons(), [true, ['under_voltage'], ['under_voltage']]);
  });

  test('an Intel processor is held back when any of its counters has grown', async () => {
    const cpu = (index: number, file: string) =>
      `sys/devices/system/cpu/cpu${index}/thermal_throttle/${file}_throttle_count`;
    root.lay({ [cpu(0, 'package')]: '3\n', [cpu(0, 'core')]: '0\n', [cpu(1, 'core')]: '0\n' });
    const source = openTelemetry();
    assert.deepEqual(await reasons(source), [false, [], ['package_heat']]);
    root.lay({ [cpu(1, 'core')]: '2\n' });
    assert.deepEqual(await reasons(source), [true, ['core_heat'], ['package_heat', 'core_heat']]);
    assert.deepEqual(await reasons(source), [false, [], ['package_heat', 'core_heat']]);
  });

  test('a Jetson is held back by a cooling device that slows down, and by what its supply does', async () => {
    root.lay({
      'sys/class/thermal/cooling_device0/type': 'pwm-fan\n',
      'sys/class/thermal/cooling_device0/cur_state': '3\n',
      'sys/class/thermal/cooling_device1/type': 'cpu-throttle-alert\n',
      'sys/class/thermal/cooling_device1/cur_state': '0\n',
      'sys/class/hwmon/hwmon3/name': 'soctherm_oc\n',
      'sys/class/hwmon/hwmon3/oc1_event_cnt': '0\n',
      'sys/class/hwmon/hwmon3/oc3_event_cnt': '0\n',
    });
    const source = openTelemetry();
    assert.deepEqual(await reasons(source), [false, [], []]);
    root.lay({
      'sys/class/thermal/cooling_device1/cur_state': '1\n',
      'sys/class/hwmon/hwmon3/oc3_event_cnt': '4\n',
    });
    const both = ['over_current', 'thermal_cooling'];
    assert.deepEqual(await reasons(source), [true, both, both]);
    root.lay({
      'sys/class/thermal/cooling_device1/cur_state': '0\n',
      'sys/class/hwmon/hwmon3/oc1_event_cnt': '1\n',
    });
    assert.deepEqual(await reasons(source), [true, ['under_voltage'], ['under_voltage', 'over_current']]);
  });
});

test('a zone tells where the machine begins to protect itself', async () => {
  root.lay({
    'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
    'sys/class/thermal/thermal_zone0/temp': '51000\n',
    'sys/class/thermal/thermal_zone0/trip_point_0_type': 'critical\n',
    'sys/class/thermal/thermal_zone0/trip_point_0_temp': '110000\n',
    'sys/class/thermal/thermal_zone0/trip_point_1_type': 'passive\n',
    'sys/class/thermal/thermal_zone0/trip_point_1_temp': '95000\n',
  });
  const { temperatures } = await openTelemetry().sample(0);
  assert.deepEqual(temperatures, [{ zone: 'cpu-thermal', celsius: 51, limitCelsius: 95 }]);
});

test('a chip of hwmon tells it by its own limits', async () => {
  root.lay({
    'sys/class/hwmon/hwmon0/name': 'coretemp\n',
    'sys/class/hwmon/hwmon0/temp1_label': 'Package id 0\n',
    'sys/class/hwmon/hwmon0/temp1_input': '60000\n',
    'sys/class/hwmon/hwmon0/temp1_max': '80000\n',
    'sys/class/hwmon/hwmon0/temp1_crit': '100000\n',
  });
  const { temperatures } = await openTelemetry().sample(0);
  assert.deepEqual(temperatures, [{ zone: 'coretemp Package id 0', celsius: 60, limitCelsius: 80 }]);
});

test('pressure is told of processor, disks and memory, as far as the kernel measures it', async () => {
  const some = (avg10: string) => `some avg10=${avg10} avg60=0.38 avg300=0.44 total=1\nfull avg10=9.00\n`;
  root.lay({ 'proc/pressure/cpu': some('1.25'), 'proc/pressure/memory': some('0.50') });
  const { cpu, pressure } = await openTelemetry().sample(0);
  assert.deepEqual(pressure, { cpuSome10: 1.25, memorySome10: 0.5 });
  assert.equal(cpu.pressureSome10, 1.25);
});

describe('the disk under the data directory', () => {
  const layDisk = (written: {
    readonly sectors: number;
    readonly bytes: number;
    readonly uptimeSec: number;
  }) =>
    root.lay({
      'proc/uptime': `${written.uptimeSec}.00 1.00\n`,
      'sys/block/mmcblk0/stat': `1 2 3 4 5 6 ${written.sectors} 8 9 10 11\n`,
      'proc/self/io': `write_bytes: ${written.bytes}\ncancelled_write_bytes: 0\n`,
    });
  const layCard = () =>
    root.lay({
      'proc/self/mountinfo': '21 1 179:2 / / rw - ext4 /dev/root rw\n',
      'sys/block/mmcblk0/dev': '179:0\n',
      'sys/block/mmcblk0/mmcblk0p1/dev': '179:1\n',
      'sys/block/mmcblk0/mmcblk0p2/dev': '179:2\n',
      'sys/block/mmcblk0/device/type': 'MMC\n',
      'sys/block/mmcblk0/device/life_time': '0x03 0x07\n',
      'sys/block/mmcblk0/device/pre_eol_info': '0x02\n',
      'sys/block/mmcblk0/queue/rotational': '0\n',
      'sys/block/sda/dev': '8:0\n',
    });

  test('its wear and what is written a day are told', async () => {
    layCard();
    layDisk({ uptimeSec: 86_400, sectors: 2000, bytes: 700 });
    const source = openTelemetry();
    const { totalBytes: _, freeBytes: __, ...first } = (await source.sample(0)).disk;
    const card = { name: 'mmcblk0', kind: 'emmc', lifeUsed01: 0.7, endOfLife: 'warning' };
    assert.deepEqual(first, { ...card, writtenBytesPerDay: 2000 * 512 });
    layDisk({ uptimeSec: 86_410, sectors: 2010, bytes: 1700 });
    const { totalBytes: ___, freeBytes: ____, ...second } = (await source.sample(0)).disk;
    assert.deepEqual(second, {
      ...card,
      writtenBytesPerDay: 512 * 8640 * 10,
      agentWrittenBytesPerDay: 1000 * 8640,
    });
  });

  test('an encrypted disk wears out the one below it', async () => {
    layCard();
    root.lay({
      'proc/self/mountinfo': '21 1 254:1 / / rw - ext4 /dev/mapper/data rw\n',
      'sys/block/dm-1/dev': '254:1\n',
      'sys/block/dm-1/slaves/mmcblk0p2/dev': '179:2\n',
    });
    assert.equal((await openTelemetry().sample(0)).disk.name, 'mmcblk0');
  });

  test('a file system without a number of its own is found by what was mounted', async () => {
    layCard();
    root.lay({ 'proc/self/mountinfo': '21 1 0:27 /@ / rw - btrfs /dev/mmcblk0p2 rw\n' });
    assert.equal((await openTelemetry().sample(0)).disk.name, 'mmcblk0');
    root.lay({ 'proc/self/mountinfo': '21 1 0:27 / / rw - overlay overlay rw\n' });
    assert.equal((await openTelemetry().sample(0)).disk.name, undefined);
  });
});

describe('memory of processes', () => {
  const layProcess = (pid: number, parent: number, commandLine: string, kilobytes: number) =>
    root.lay({
      [`proc/${pid}/stat`]: `${pid} (${commandLine.slice(0, 15)}) S ${parent} 1 1\n`,
      [`proc/${pid}/status`]: `Name:\tx\nVmRSS:\t${kilobytes} kB\n`,
      [`proc/${pid}/cmdline`]: `${commandLine.replaceAll(' ', '\0')}\0`,
    });
  const layBox = () => {
    layProcess(100, 1, 'node /opt/agent/cli.js run', 80_000);
    layProcess(101, 100, 'node /opt/agent/inference/inference-child.js', 97_000);
    layProcess(102, 100, 'ffmpeg -i rtsp://user:secret@cam/1', 30_000);
    layProcess(103, 102, 'ffmpeg -i again', 1000);
    layProcess(200, 1, 'sshd', 9000);
  };
  const BOX = [
    { name: 'agent', pid: 100, rssBytes: 80_000 * 1024 },
    { name: 'inference-child', pid: 101, rssBytes: 97_000 * 1024 },
    { name: 'ffmpeg', pid: 102, rssBytes: 30_000 * 1024 },
    { name: 'ffmpeg', pid: 103, rssBytes: 1000 * 1024 },
  ];

  test('the agent and all it started are told, by the kernel that lists children', async () => {
    layBox();
    // What is a child of the agent by this list alone.
    for (const pid of [101, 102]) root.lay({ [`proc/${pid}/stat`]: '' });
    root.lay({
      'proc/100/task/100/children': '101 \n',
      'proc/100/task/107/children': '102 \n',
      'proc/101/task/101/children': '',
      'proc/102/task/102/children': '103 ',
    });
    assert.deepEqual((await openTelemetry().sample(0)).memory.processes, BOX);
  });

  test('by one that does not, they are found by their parents', async () => {
    layBox();
    assert.deepEqual((await openTelemetry().sample(0)).memory.processes, BOX);
  });

  test('a child of this very process is told with its memory', async (t) => {
    if (process.platform !== 'linux') return t.skip('needs /proc');
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const sample = await createProcTelemetry({ dataDir: root.path, gpu: NO_GPU }).sample(5);
    parseTelemetry({ ...sample, outbox: OUTBOX });
    const { processes = [] } = sample.memory;
    assert.deepEqual([processes[0]?.name, processes[0]?.pid], ['agent', process.pid]);
    const told = processes.find(({ pid }) => pid === child.pid);
    assert.ok(told !== undefined && told.name === 'node' && told.rssBytes > 10e6, JSON.stringify(processes));
  });
});

test('two samples of this very machine have all it can tell, and each is what the schema asks for', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  const files = createSysFiles();
  const gpu = createGpuSet([createJetsonGpu(files), createIntelGpu(files, { monotonicMs: () => 0 })]);
  const source = createProcTelemetry({ dataDir: root.path, gpu });
  await source.sample(1);
  const sample = await source.sample(2);
  parseTelemetry({ ...sample, outbox: OUTBOX });
  assert.equal(source.latest(), sample);
  const tellsPressure = (await files.read('proc/pressure/cpu')) !== '';
  assert.equal(sample.pressure?.cpuSome10 !== undefined, tellsPressure);
  assert.equal(sample.throttled, (sample.throttleReasons ?? []).length > 0);
});
