import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import { Hardware } from '@watchpost/shared/messages/birth.ts';
import { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { createNvidiaSmiGpu } from '../../agent/src/telemetry/gpu/nvidia-smi-gpu.ts';
import { createFileHints, loadHints } from '../../agent/src/telemetry/hints/file-hints.ts';
import { createMemoryHintWatch } from '../../agent/src/telemetry/hints/memory-hint-watch.ts';
import type { GpuSource, Sample } from '../../agent/src/telemetry/port.ts';
import { createProcTelemetry } from '../../agent/src/telemetry/proc-telemetry.ts';
import { createSysteminformationInventory } from '../../agent/src/telemetry/systeminformation-inventory.ts';
import { createTelemetryReporter } from '../../agent/src/telemetry/telemetry-reporter.ts';

const NO_GPU: GpuSource = { read: async () => [] };
const OUTBOX = { rows: 1, bytes: 2, oldestSec: 3, dropped: 4 };
const parseTelemetry = createParser(Telemetry, 'telemetry');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'watchpost-telemetry-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function lay(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const layCounters = (uptimeSec: number, busy: number, idle: number, rxBytes: number) =>
  lay({
    'proc/uptime': `${uptimeSec}.00 1.00\n`,
    'proc/stat': `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0\n`,
    'proc/net/dev': `  eth0: ${rxBytes} 0 0 0 0 0 0 0 ${rxBytes * 2} 0 0 0 0 0 0 0\n`,
  });

describe('ProcTelemetry', () => {
  test('a sample of this very machine is what the schema asks for', async (t) => {
    if (process.platform !== 'linux') return t.skip('needs /proc');
    const sample = await createProcTelemetry({ dataDir: root, gpu: NO_GPU }).sample(5);
    parseTelemetry({ ...sample, outbox: OUTBOX });
    assert.equal(sample.tsMs, 5);
    assert.ok(sample.uptimeSec > 0);
    assert.ok(sample.memory.availableBytes > 0 && sample.memory.availableBytes < sample.memory.totalBytes);
    assert.ok(sample.disk.freeBytes > 0 && sample.disk.freeBytes <= sample.disk.totalBytes);
    assert.ok(sample.memory.agentRssBytes > 0);
  });

  test('loads and rates are means since the sample before, the first since boot', async () => {
    const source = createProcTelemetry({ root, dataDir: root, gpu: NO_GPU });
    layCounters(100, 10, 90, 1000);
    const first = await source.sample(0);
    layCounters(110, 85, 115, 6000);
    const second = await source.sample(0);
    assert.deepEqual([first.cpu.load01, second.cpu.load01], [0.1, 0.75]);
    assert.deepEqual(first.network, { rxBytesPerSec: 10, txBytesPerSec: 20 });
    assert.deepEqual(second.network, { rxBytesPerSec: 500, txBytesPerSec: 1000 });
  });

  test('when every file is missing, the sample is plain but valid', async () => {
    const source = createProcTelemetry({ root, dataDir: join(root, 'gone'), gpu: NO_GPU });
    const sample = await source.sample(0);
    parseTelemetry({ ...sample, outbox: OUTBOX });
    assert.deepEqual(sample.cpu, { load01: 0, loadAvg1: 0 });
    assert.deepEqual(sample.temperatures, []);
    assert.deepEqual(sample.disk, { totalBytes: 0, freeBytes: 0 });
    assert.equal(sample.throttled, false);
    assert.equal(sample.clock.synced, false);
  });

  test('thermal zones are named by their type, and those that are off are left out', async () => {
    lay({
      'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
      'sys/class/thermal/thermal_zone0/temp': '51234\n',
      'sys/class/thermal/thermal_zone1/type': 'gpu-thermal\n',
      'sys/class/thermal/thermal_zone1/temp': '-274000\n',
      'sys/class/thermal/thermal_zone10/temp': '40000\n',
      'sys/class/thermal/cooling_device0/type': 'fan\n',
      'sys/class/hwmon/hwmon0/temp1_input': '99000\n',
    });
    const { temperatures } = await createProcTelemetry({ root, dataDir: root, gpu: NO_GPU }).sample(0);
    assert.deepEqual(temperatures, [
      { zone: 'cpu-thermal', celsius: 51.234 },
      { zone: 'thermal_zone10', celsius: 40 },
    ]);
  });

  test('when there are no thermal zones, hwmon tells the temperatures', async () => {
    lay({
      'sys/class/hwmon/hwmon1/name': 'k10temp\n',
      'sys/class/hwmon/hwmon1/temp1_label': 'Tctl\n',
      'sys/class/hwmon/hwmon1/temp1_input': '61500\n',
      'sys/class/hwmon/hwmon1/temp2_input': '50000\n',
    });
    const { temperatures } = await createProcTelemetry({ root, dataDir: root, gpu: NO_GPU }).sample(0);
    assert.deepEqual(temperatures, [
      { zone: 'k10temp Tctl', celsius: 61.5 },
      { zone: 'k10temp', celsius: 50 },
    ]);
  });

  test('a Raspberry Pi that is held back is throttled', async () => {
    lay({ 'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n' });
    assert.equal((await createProcTelemetry({ root, dataDir: root, gpu: NO_GPU }).sample(0)).throttled, true);
  });

  test('an Intel processor is throttled when its counter has grown since the last sample', async () => {
    const counter = 'sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count';
    const source = createProcTelemetry({ root, dataDir: root, gpu: NO_GPU });
    const seen: boolean[] = [];
    for (const count of ['7\n', '7\n', '8\n', '8\n']) {
      lay({ [counter]: count });
      seen.push((await source.sample(0)).throttled);
    }
    assert.deepEqual(seen, [false, false, true, false]);
  });

  test('the clock is in step when timesyncd says so, or a running chronyd has been', async () => {
    const source = createProcTelemetry({ root, dataDir: root, gpu: NO_GPU });
    const synced = async () => (await source.sample(0)).clock.synced;
    lay({ 'var/lib/chrony/drift': '1 2\n' });
    assert.equal(await synced(), false);
    lay({ 'run/chrony/chronyd.pid': '7\n' });
    assert.equal(await synced(), true);
    rmSync(join(root, 'run'), { recursive: true });
    lay({ 'run/systemd/timesync/synchronized': '' });
    assert.equal(await synced(), true);
  });

  test('a graphics card has its load, and its temperature among the others', async () => {
    const gpu: GpuSource = { read: async () => [{ name: 'A2', load01: 0.5, celsius: 60 }] };
    const sample = await createProcTelemetry({ root, dataDir: root, gpu }).sample(0);
    assert.deepEqual(sample.gpu, [{ name: 'A2', load01: 0.5 }]);
    assert.deepEqual(sample.temperatures, [{ zone: 'A2', celsius: 60 }]);
  });
});

describe('NvidiaSmiGpu', () => {
  /** Two cards, then the script goes on as told. */
  function layScript(end: string): string {
    const script = `#!/bin/sh\necho "0, NVIDIA A2, 35, 100, 55, 900, 1770"\necho "1, NVIDIA A2, [N/A], [N/A], [N/A], [N/A], [N/A]"\n${end}\n`;
    lay({ 'nvidia-smi': script, 'dev/nvidia0': '' });
    chmodSync(join(root, 'nvidia-smi'), 0o755);
    return join(root, 'nvidia-smi');
  }
  let nowMs = 0;
  const create = (command: string, warn: () => void = () => undefined) =>
    createNvidiaSmiGpu({
      intervalSec: 5,
      clock: { wallMs: () => 0, monotonicMs: () => nowMs },
      random01: () => 0,
      log: { ...silentLogger, child: () => ({ ...silentLogger, warn }) },
      device: join(root, 'dev/nvidia0'),
      command,
      backoff: { baseMs: 10, maxMs: 10 },
    });
  const signal = new AbortController().signal;
  const untilRead = async (gpu: GpuSource) => {
    while ((await gpu.read()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test('the newest reading of each card is there until it is stale', { timeout: 10_000 }, async () => {
    const gpu = create(layScript('exec sleep 60'));
    await gpu.start(signal);
    await untilRead(gpu);
    const [first, second] = await gpu.read();
    assert.deepEqual(first, {
      name: 'NVIDIA A2',
      load01: 0.35,
      memoryUsedBytes: 100 * 1024 * 1024,
      celsius: 55,
      frequencyMhz: 900,
      maxFrequencyMhz: 1770,
    });
    assert.deepEqual(second, { name: 'NVIDIA A2' });
    nowMs += 16_000;
    assert.deepEqual(await gpu.read(), []);
    await gpu.stop();
  });

  test('when it exits, it is started again, and this is logged once', { timeout: 10_000 }, async () => {
    let warnings = 0;
    const marks = join(root, 'marks');
    const gpu = create(layScript(`echo >> ${marks}; [ $(wc -l < ${marks}) -gt 2 ] && exec sleep 60`), () => {
      warnings += 1;
    });
    await gpu.start(signal);
    await untilRead(gpu);
    while (readFileSync(marks, 'utf8').length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await gpu.stop();
    assert.equal(warnings, 1);
  });

  test('when the command is missing, there are no readings and stopping works', {
    timeout: 10_000,
  }, async () => {
    lay({ 'dev/nvidia0': '' });
    const warned = new Promise<void>((resolve) => {
      const gpu = create(join(root, 'no-such-command'), () => {
        void gpu
          .read()
          .then((readings) => assert.deepEqual(readings, []))
          .then(() => gpu.stop())
          .then(resolve);
      });
      void gpu.start(signal);
    });
    await warned;
  });

  test('when there is no card, nothing is started', async () => {
    const gpu = create(join(root, 'no-such-command'), () => assert.fail('started'));
    await gpu.start(signal);
    assert.deepEqual(await gpu.read(), []);
    await gpu.stop();
  });
});

test('the inventory of this very machine is what the schema asks for', { timeout: 20_000 }, async () => {
  const hardware = createParser(Hardware, 'hardware')(await createSysteminformationInventory().read());
  assert.ok(hardware.cpu.length > 0 && hardware.os.length > 0);
});

test('when the inventory takes too long, it is what Node knows', async () => {
  const hardware = createParser(Hardware, 'hardware')(await createSysteminformationInventory(0).read());
  assert.equal(hardware.board, 'unknown');
  assert.ok(hardware.cores >= 1 && hardware.memoryBytes > 0);
});

describe('TelemetryReporter', () => {
  const SAMPLE: Sample = {
    tsMs: 0,
    windowSec: 0,
    uptimeSec: 1,
    cpu: { load01: 0, loadAvg1: 0 },
    gpu: [],
    temperatures: [],
    memory: { totalBytes: 1, availableBytes: 1, agentRssBytes: 1 },
    disk: { totalBytes: 1, freeBytes: 1 },
    network: { rxBytesPerSec: 0, txBytesPerSec: 0 },
    throttled: false,
    clock: { synced: true },
  };

  test('every sample is published, and the mean of each window is recorded', {
    timeout: 10_000,
  }, async () => {
    let samples = 0;
    const published: number[] = [];
    const recorded = await new Promise<readonly Telemetry[]>((resolve) => {
      const summaries: Telemetry[] = [];
      const reporter = createTelemetryReporter({
        // One second passes between samples; the second one fails.
        source: {
          sample: async (tsMs) => {
            samples += 1;
            if (samples === 2) throw new Error('no sample');
            return { ...SAMPLE, tsMs, cpu: { load01: samples / 10, loadAvg1: 0 } };
          },
        },
        uplink: {
          publish: (kind, payload) => {
            assert.equal(kind, 'telemetry');
            published.push(parseTelemetry(payload).cpu.load01);
          },
          record: (kind, body) => {
            assert.equal(kind, 'telemetry');
            summaries.push(parseTelemetry(body));
            if (summaries.length === 2) void reporter.stop().then(() => resolve(summaries));
          },
          report: () => OUTBOX,
        },
        inference: () => ({
          digest: 'd'.repeat(64),
          framesCaptured: samples * 20,
          framesClassified: samples * 10,
          framesFailed: samples,
          camerasOnline: 1,
        }),
        intervalSec: 0.001,
        summarySec: 3,
        clock: { wallMs: () => samples * 1000, monotonicMs: () => samples * 1000 },
        log: silentLogger,
      });
      void reporter.start(new AbortController().signal);
    });
    assert.deepEqual(published, [0.1, 0.3, 0.4, 0.5, 0.6]);
    assert.deepEqual(
      recorded.map(({ windowSec, cpu }) => [windowSec, Math.round(cpu.load01 * 100) / 100]),
      [
        [3, 0.2],
        [3, 0.5],
      ],
    );
    const inference = { digest: 'd'.repeat(64), framesCaptured: 60, framesClassified: 30, framesFailed: 3 };
    assert.deepEqual(
      recorded.map((summary) => summary.inference),
      [inference, inference],
    );
  });

  test('a box that is slowed down says so with each sample and in the history', {
    timeout: 10_000,
  }, async () => {
    const slowed = { level: 'reduced', why: ['heat'], sinceMs: 5 } as const;
    const told: Telemetry['slowed'][] = [];
    let samples = 0;
    await new Promise<void>((resolve) => {
      const reporter = createTelemetryReporter({
        source: {
          sample: async (tsMs) => {
            samples += 1;
            return { ...SAMPLE, tsMs };
          },
        },
        uplink: {
          publish: (_kind, payload) => told.push(parseTelemetry(payload).slowed),
          record: (_kind, body) => {
            told.push(parseTelemetry(body).slowed);
            void reporter.stop().then(resolve);
          },
          report: () => OUTBOX,
        },
        slowed: () => (samples > 1 ? { ...slowed, why: [...slowed.why] } : undefined),
        intervalSec: 0.001,
        summarySec: 3,
        clock: { wallMs: () => samples * 1000, monotonicMs: () => samples * 1000 },
        log: silentLogger,
      });
      void reporter.start(new AbortController().signal);
    });
    assert.deepEqual(told, [undefined, slowed, slowed, slowed]);
  });

  test('what summaries are signs of is told with them and with every sample, from the third on', {
    timeout: 10_000,
  }, async () => {
    let samples = 0;
    const changes: string[] = [];
    const recorded: (readonly string[])[] = [];
    const published: number[] = [];
    const worn = { ...SAMPLE.disk, name: 'mmcblk0', lifeUsed01: 1 };
    await new Promise<void>((resolve) => {
      const reporter = createTelemetryReporter({
        source: {
          sample: async (tsMs) => {
            samples += 1;
            return { ...SAMPLE, tsMs, uptimeSec: samples, disk: worn };
          },
        },
        uplink: {
          publish: (_kind, payload) => published.push(parseTelemetry(payload).hints?.length ?? -1),
          record: (_kind, body) => {
            recorded.push(
              (parseTelemetry(body).hints ?? []).map(({ code, severity }) => `${code} ${severity}`),
            );
            if (recorded.length === 4) void reporter.stop().then(resolve);
          },
          report: () => OUTBOX,
        },
        hints: createMemoryHintWatch((hints) => changes.push(hints.map(({ text }) => text).join())),
        intervalSec: 0.001,
        summarySec: 1,
        clock: { wallMs: () => samples * 1000, monotonicMs: () => samples * 1000 },
        log: silentLogger,
      });
      void reporter.start(new AbortController().signal);
    });
    assert.deepEqual(recorded, [[], [], ['disk_worn urgent'], ['disk_worn urgent']]);
    assert.deepEqual(published.slice(0, 4), [0, 0, 0, 1]);
    assert.deepEqual(changes, ['mmcblk0: about 100 % of its life is over; replace it soon.']);
  });
});

test('what is told is kept in a file, which an agent that starts empties', async () => {
  const hint = {
    code: 'disk_worn',
    severity: 'urgent',
    sinceMs: 1,
    evidence: { lifeUsed01: 1 },
    text: 't',
  } as const;
  assert.equal(await loadHints(root), undefined);
  const first = createFileHints({ dataDir: root, log: silentLogger });
  await first.start(new AbortController().signal);
  first.save([hint]);
  await first.stop();
  assert.deepEqual(await loadHints(root), [hint]);
  const second = createFileHints({ dataDir: root, log: silentLogger });
  await second.start(new AbortController().signal);
  await second.stop();
  assert.deepEqual(await loadHints(root), []);
  lay({ 'hints.json': '[{"code":' });
  assert.equal(await loadHints(root), undefined);
});
