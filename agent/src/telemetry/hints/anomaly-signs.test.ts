import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findSigns } from './anomaly-signs.ts';
import { type HintPoint, keepPoint } from './hint-point.ts';
import type { Sign } from './sign.ts';

const MINUTE = 60;
const HOUR = 3_600;
const GB = 1e9;
const MB = 1e6;
const DIGEST = 'd'.repeat(64);

const POINT: HintPoint = {
  atSec: 0,
  temperatures: [],
  disk: { totalBytes: 32 * GB, freeBytes: 20 * GB },
  writtenBytes: 0,
  availableBytes: 2 * GB,
  agentBytes: 200 * MB,
  isUnderVoltage: false,
};

/** A history of one point a minute, kept as the agent keeps it; `at` says what is other than usual at a minute. */
function record(minutes: number, at: (minute: number) => Partial<HintPoint>): readonly HintPoint[] {
  let history: readonly HintPoint[] = [];
  for (let minute = 0; minute <= minutes; minute += 1) {
    history = keepPoint(history, { ...POINT, atSec: 1000 + minute * MINUTE, ...at(minute) });
  }
  return history;
}

const signOf = (history: readonly HintPoint[], code: string): Sign | undefined =>
  findSigns(history).find((sign) => sign.code === code);
const scoreOf = (history: readonly HintPoint[], code: string): number | undefined => {
  const score = signOf(history, code)?.score;
  return score === undefined ? undefined : Math.round(score * 100) / 100;
};
/** The same for the same minute, and nothing like it for the next. */
const wobble = (minute: number): number => (((minute * 7919) % 101) / 101 - 0.5) * 2;

test('nothing is concluded from nothing, and nothing of a machine that is well', () => {
  assert.deepEqual(findSigns([]), []);
  const well = record(30 * 60, (minute) => ({
    temperatures: [{ zone: 'cpu', celsius: 60 + 3 * wobble(minute) }],
    agentBytes: 200 * MB + wobble(minute) * 5 * MB,
    disk: {
      ...POINT.disk,
      freeBytes: 20 * GB + wobble(minute) * 50 * MB,
      name: 'mmcblk0',
      kind: 'emmc',
      lifeUsed01: 0.2,
    },
    writtenBytes: 0.5 * MB,
    pace: {
      digest: DIGEST,
      captured01: 0.98 + 0.02 * wobble(minute),
      isBusy: true,
      inferP95Ms: 20 + wobble(minute),
    },
  }));
  const signs = findSigns(well);
  assert.deepEqual(
    signs.filter(({ score }) => score >= 0.8),
    [],
  );
  assert.equal(signs.length, 8);
});

describe('temperature_rising', () => {
  const heat = (minutes: number, at: (minute: number) => number, limitCelsius?: number) =>
    record(minutes, (minute) => ({
      temperatures: [
        { zone: 'cpu', celsius: at(minute), ...(limitCelsius !== undefined && { limitCelsius }) },
      ],
    }));

  test('is half as near when the limit is an hour and a half away, and tells when', () => {
    // 82.3 now, 2.7 below the limit, 1.8 an hour.
    const sign = signOf(
      heat(30, (minute) => 81.43 + minute * 0.03),
      'temperature_rising',
    );
    assert.ok(sign !== undefined && sign.subject === 'cpu');
    assert.equal(Math.round(sign.score * 100), 50);
    assert.equal(Math.round(sign.evidence.minutesLeft ?? 0), 90);
    assert.equal(sign.evidence.celsiusPerHour?.toFixed(1), '1.8');
    assert.match(sign.text, /^cpu is at 82 C and rises by 2 C an hour: 85 C in about 90 minutes/);
  });

  test('counts to the limit of the sensor where that is lower', () => {
    const rise = (minute: number) => 81.43 + minute * 0.03;
    assert.equal(scoreOf(heat(30, rise, 83.65), 'temperature_rising'), 1);
    assert.equal(scoreOf(heat(30, rise, 100), 'temperature_rising'), 0.5);
  });

  test('is 0 while it is no hotter than it was before, as on every warm afternoon', () => {
    const days = (minute: number) => 70 + 4 * Math.sin((minute / 1440) * 2 * Math.PI);
    // A climb of 12 degrees in an hour, to little more than yesterday's most, and on from there.
    const climb = (end: number) =>
      heat(1440 * 2 + end, (minute) => (minute < 1440 * 2 ? days(minute) : 64 + (minute - 1440 * 2) * 0.2));
    assert.equal(scoreOf(climb(60), 'temperature_rising'), 0);
    assert.ok((scoreOf(climb(75), 'temperature_rising') ?? 0) > 1);
  });

  test('does not take a machine that warms up after its start for one that will burn', () => {
    // From 25 to 65, in steps that halve every five minutes.
    const warm = heat(30, (minute) => 65 - 40 * 0.5 ** (minute / 5));
    const score = scoreOf(warm, 'temperature_rising');
    assert.ok(score !== undefined && score < 0.8, String(score));
  });

  test('is 0 when it falls, and when it only goes up and down', () => {
    const falls = heat(30, (minute) => 80 - minute * 0.2);
    assert.equal(scoreOf(falls, 'temperature_rising'), 0);
    assert.equal(
      scoreOf(
        heat(30, (minute) => 80 + 3 * wobble(minute)),
        'temperature_rising',
      ),
      0,
    );
  });

  test('is not bent by a sensor that goes wild now and then', () => {
    const wild = heat(30, (minute) => (minute % 7 === 3 ? 20 : 78 + minute * 0.2 + 0.2 * wobble(minute)));
    const score = scoreOf(wild, 'temperature_rising');
    assert.ok(score !== undefined && score > 1, String(score));
  });

  test('waits for twenty minutes', () => {
    const rise = (minute: number) => 70 + minute;
    assert.equal(scoreOf(heat(19, rise), 'temperature_rising'), undefined);
    assert.ok((scoreOf(heat(20, rise), 'temperature_rising') ?? 0) > 1);
  });

  test('is told of each zone, also when two have one name', () => {
    const two = record(30, (minute) => ({
      temperatures: [
        { zone: 'acpitz', celsius: 40 },
        { zone: 'acpitz', celsius: 70 + minute * 0.4 },
      ],
    }));
    assert.deepEqual(
      findSigns(two)
        .filter(({ code }) => code === 'temperature_rising')
        .map(({ score }) => score > 1),
      [false, true],
    );
  });
});

test('power_weak: one window of low voltage in an hour is told, and an hour after the last one it is not', () => {
  const at = (end: number) => record(end, (minute) => ({ isUnderVoltage: minute === 10 }));
  assert.equal(scoreOf(at(9), 'power_weak'), 0);
  assert.equal(scoreOf(at(40), 'power_weak'), 1);
  assert.equal(scoreOf(at(71), 'power_weak'), 0);
});

describe('fps_falling', () => {
  const pace = (end: number, captured01: (minute: number) => number, isBusy = (_: number) => true) =>
    record(end, (minute) => ({
      pace: { digest: DIGEST, captured01: captured01(minute), isBusy: isBusy(minute) },
    }));

  test('compares the last ten minutes with what is usual on this box', () => {
    const falls = pace(600, (minute) => (minute > 580 ? 0.6 : 1));
    assert.equal(scoreOf(falls, 'fps_falling'), 1.33);
    assert.match(signOf(falls, 'fps_falling')?.text ?? '', /40 % fewer frames than is usual/);
    // A box that never did better is as usual.
    assert.equal(
      scoreOf(
        pace(600, () => 0.6),
        'fps_falling',
      ),
      0,
    );
  });

  test('does not count the hours in which nothing moves and few pictures are decoded', () => {
    const night = pace(
      1200,
      (minute) => (minute < 600 ? 1 : 0.1),
      (minute) => minute < 600,
    );
    assert.equal(scoreOf(night, 'fps_falling'), 0);
  });

  test('waits for half a day of coarse points, or what is as much', () => {
    assert.equal(
      scoreOf(
        pace(80, () => 1),
        'fps_falling',
      ),
      undefined,
    );
  });
});

test('inference_slowing: half as slow again as usual, by the same model only', () => {
  const model = (end: number, inferP95Ms: (minute: number) => number, digest = (_: number) => DIGEST) =>
    record(end, (minute) => ({
      pace: { digest: digest(minute), isBusy: true, inferP95Ms: inferP95Ms(minute) },
    }));
  const slows = (minute: number) => (minute > 580 ? 30 : 20);
  assert.equal(scoreOf(model(600, slows), 'inference_slowing'), 1);
  const another = (minute: number) => (minute > 580 ? 'e'.repeat(64) : DIGEST);
  assert.equal(scoreOf(model(600, slows, another), 'inference_slowing'), undefined);
});

const disk = (change: Partial<HintPoint['disk']>): Partial<HintPoint> => ({
  disk: { ...POINT.disk, name: 'mmcblk0', kind: 'emmc', ...change },
});

const WORN = [
  [{ lifeUsed01: 0.4 }, 0.5, false],
  [{ lifeUsed01: 0.8 }, 1, false],
  [{ lifeUsed01: 1 }, 1.25, true],
  [{ endOfLife: 'normal' }, 0, false],
  [{ endOfLife: 'warning' }, 1, false],
  [{ endOfLife: 'urgent' }, 1.25, true],
  [{ lifeUsed01: 0.9, endOfLife: 'normal' }, 1.13, false],
] as const;
for (const [state, score, isUrgent] of WORN) {
  test(`disk_worn: ${JSON.stringify(state)} scores ${score}`, () => {
    const sign = signOf(
      record(0, () => disk(state)),
      'disk_worn',
    );
    assert.ok(sign !== undefined);
    assert.equal(Math.round(sign.score * 100) / 100, score);
    assert.equal(sign.score >= sign.urgentAt, isUrgent);
  });
}

test('a disk that tells nothing of its life is not judged', () => {
  assert.equal(
    signOf(
      record(0, () => disk({})),
      'disk_worn',
    ),
    undefined,
  );
});

test('disk_writes: what is written in bursts counts whole, against a budget by the kind of disk', () => {
  const day = 24 * 60;
  // A gigabyte in one minute of each hour: 24 a day, of a budget of 32 * 0.2 = 6.4.
  const bursts = record(day, (minute) => ({
    ...disk({ kind: 'emmc' }),
    writtenBytes: minute % 60 === 30 ? GB : 0,
  }));
  assert.equal(scoreOf(bursts, 'disk_writes'), 3.75);
  assert.equal(signOf(bursts, 'disk_writes')?.severity, 'notice');
  const turning = record(day, () => ({ ...disk({ kind: 'rotating' }), writtenBytes: GB }));
  assert.equal(scoreOf(turning, 'disk_writes'), undefined);
  const early = record(5 * 60, () => ({ ...disk({ kind: 'sd' }), writtenBytes: GB }));
  assert.equal(scoreOf(early, 'disk_writes'), undefined);
});

test('disk_filling: days left by the trend of a day, not by files that come and go', () => {
  const fills = record(12 * 60, (minute) => disk({ freeBytes: 10 * GB - minute * MB }));
  const sign = signOf(fills, 'disk_filling');
  assert.equal(sign?.evidence.daysLeft?.toFixed(1), '6.4');
  assert.equal(sign?.score.toFixed(1), '2.2');
  const comeAndGo = record(12 * 60, (minute) => disk({ freeBytes: 10 * GB - (minute % 120) * 10 * MB }));
  assert.equal(scoreOf(comeAndGo, 'disk_filling'), 0);
  assert.equal(
    scoreOf(
      record(5 * 60, (minute) => disk({ freeBytes: 10 * GB - minute * MB })),
      'disk_filling',
    ),
    undefined,
  );
});

test('memory_growing: a leak is told, the settling in of the first hours is not', () => {
  const leak = record(12 * 60, (minute) => ({
    agentBytes: (200 + minute * 0.25) * MB + wobble(minute) * MB,
    availableBytes: GB,
  }));
  const sign = signOf(leak, 'memory_growing');
  // 360 MB a day of the gigabyte that is left.
  assert.equal(sign?.evidence.daysLeft?.toFixed(1), '2.8');
  assert.equal(sign?.score.toFixed(1), '2.5');
  const settles = record(12 * 60, (minute) => ({
    agentBytes: (200 + 60 * (1 - 0.5 ** (minute / 30))) * MB + wobble(minute) * MB,
  }));
  const score = scoreOf(settles, 'memory_growing');
  assert.ok(score !== undefined && score < 0.8, String(score));
});

test('what is kept of two days is little, and a machine that was started anew begins a new history', () => {
  const history = record(60 * 60, () => ({ writtenBytes: 1 }));
  assert.ok(history.length < 400, String(history.length));
  assert.equal(history.at(-1)?.writtenBytes, 60 * 60 + 1);
  const spanSec = (history.at(-1)?.atSec ?? 0) - (history[0]?.atSec ?? 0);
  assert.ok(spanSec > 47 * HOUR && spanSec <= 48 * HOUR, String(spanSec));
  assert.deepEqual(keepPoint(history, { ...POINT, atSec: 30 }), [{ ...POINT, atSec: 30 }]);
});
