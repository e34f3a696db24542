import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BenchedTrial, BenchReport } from './port.ts';
import { composeSettings, describeBench, formatBench } from './report.ts';

const REPORT: BenchReport = {
  source: 'rtsp://camera.example/sub',
  model: 'pets 1.0.0',
  cores: 2,
  video: { codec: 'h264', width: 640, height: 360 },
  decoders: [
    { method: 'software', cpu01: 0.034 },
    { method: 'vaapi', why: 'there is no /dev/dri/renderD*' },
  ],
  trials: [
    { variant: 'int8', threads: 1, outcome: 'passed', inferMs: { p50: 4.9, p95: 6 } },
    { variant: 'tfjs', threads: 1, outcome: 'skipped', detail: 'the runtime tfjs is not installed' },
  ],
  best: { fps: 5, decode: 'software', variant: 'int8', threads: 1 },
  computed: 20,
  runs: [
    { cameras: 20, lost01: 0, silent: 0 },
    { cameras: 24, lost01: 0.12, silent: 1 },
  ],
  carried: 20,
};

test('the sentence tells how many cameras, of which kind, with which model', () => {
  assert.equal(
    describeBench(REPORT),
    'This box carries 20 cameras like this one (h264 640x360 at 5 fps with pets 1.0.0); 24 lost frames.',
  );
  assert.match(describeBench({ ...REPORT, carried: 0 }), /^This box does not carry a single camera/);
  assert.match(
    describeBench({ ...REPORT, carried: 1, runs: [{ cameras: 1, lost01: 0, silent: 0 }] }),
    /carries 1 camera like .*; more were not tried\.$/,
  );
});

test('the tables mark what is best, and say why the rest is not', () => {
  const lines = formatBench(REPORT).split('\n');
  assert.ok(lines.includes('* software   3.4 % of a core'));
  assert.ok(lines.includes('  vaapi      -  (there is no /dev/dri/renderD*)'));
  assert.ok(lines.some((line) => /^\* int8 +1 +4\.90 +6\.00 +4\.90$/.test(line)));
  assert.ok(lines.some((line) => /^ {2}tfjs .*not installed$/.test(line)));
  assert.ok(lines.some((line) => /^\* +20 +0\.0 %$/.test(line)));
  assert.ok(lines.some((line) => /^ +24 +12\.0 %, nothing came of 1$/.test(line)));
});

test('a variant that was tried on a card too is marked, told and set where it was best', () => {
  const provider = 'cuda';
  const onCard: BenchedTrial = {
    ...{ variant: 'int8', threads: 1, provider },
    ...{ outcome: 'passed', inferMs: { p50: 1, p95: 2 } },
  };
  const best = { ...REPORT.best, provider } as const;
  const lines = formatBench({ ...REPORT, trials: [...REPORT.trials, onCard], best }).split('\n');
  assert.ok(lines.some((line) => /^ {2}int8 .*4\.90$/.test(line)));
  assert.ok(lines.some((line) => /^\* int8 on cuda +1 +1\.00 +2\.00 +1\.00$/.test(line)));
  assert.deepEqual(composeSettings({ best }, { file: 'a.mp4' }), {
    inference: { threads: 1, accelerator: 'cuda' },
    cameras: [{ id: 'camera-1', file: 'a.mp4', fps: 5, decode: 'software' }],
  });
});

test('the settings run one camera as it was found to be best', () => {
  assert.deepEqual(composeSettings(REPORT, { url: 'rtsp://camera.example/sub' }), {
    inference: { threads: 1 },
    cameras: [{ id: 'camera-1', url: 'rtsp://camera.example/sub', fps: 5, decode: 'software' }],
  });
});
