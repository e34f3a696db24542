import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { OrderType } from '@watchpost/shared/trust/order.ts';
import {
  END_PHASES,
  isBehind,
  isOpen,
  nextPhase,
  OPEN_PHASES,
  type OpenPhase,
  PHASES,
  type Phase,
  toldState,
  WAY,
} from './phases.ts';

const WINDOWS = { shadow: { minutes: 1 }, probation: { minutes: 2 } };

/** Phase, told as, work, resumes at, what the resumption needs, time-out in minutes, what a failure leads to. */
const TABLE: readonly (readonly [OpenPhase, DeploymentState, string, OpenPhase, string, number, string])[] = [
  ['queued', 'queued', 'check', 'queued', 'order', 10, 'end'],
  ['downloading', 'downloading', 'download', 'queued', 'order', Number.POSITIVE_INFINITY, 'end'],
  ['downloaded', 'downloaded', '', 'queued', 'order', Number.POSITIVE_INFINITY, 'end'],
  ['verifying', 'verifying', 'verify', 'queued', 'order', 30, 'end'],
  ['keeping', 'verifying', 'keep', 'queued', 'order', 30, 'end'],
  ['waiting', 'waiting_for_quiet', 'wait', 'waiting', 'record', Number.POSITIVE_INFINITY, 'end'],
  ['installing', 'installing', 'install', 'queued', 'order', 30, 'end'],
  ['self_testing', 'testing', 'self_test', 'self_testing', 'record', 20, 'end'],
  ['shadowing', 'testing', 'shadow', 'shadowing', 'record', 6, 'end'],
  ['switching', 'testing', 'switch', 'switching', 'record', 2, 'roll_back'],
  ['probation', 'testing', 'watch', 'probation', 'record', 7, 'roll_back'],
  ['rolling_back', 'testing', 'roll_back', 'rolling_back', 'record', Number.POSITIVE_INFINITY, 'roll_back'],
];

for (const [phase, toldAs, work, resumesAt, needs, limitMinutes, onFailure] of TABLE) {
  test(`${phase} is told as ${toldAs}, and resumes at ${resumesAt} with the ${needs}`, () => {
    const row = PHASES[phase];
    const limitMs = row.limitMs(WINDOWS) ?? Number.POSITIVE_INFINITY;
    assert.deepEqual(
      [row.toldAs, row.work ?? '', row.resumesAt, row.needs, limitMs / 60_000, row.onFailure],
      [toldAs, work, resumesAt, needs, limitMinutes, onFailure],
    );
  });
}

test('the table names every phase', () => {
  assert.deepEqual(
    TABLE.map(([phase]) => phase),
    [...OPEN_PHASES],
  );
});

const FETCHED: readonly Phase[] = ['queued', 'downloading', 'downloaded', 'verifying'];
const TRIED: readonly Phase[] = ['self_testing', 'shadowing', 'switching', 'probation', 'success'];
const WAYS: readonly (readonly [OrderType, readonly Phase[]])[] = [
  ['forced', [...FETCHED, 'installing', ...TRIED]],
  ['soft', [...FETCHED, 'keeping', 'waiting', ...TRIED]],
  ['download_only', [...FETCHED, 'keeping', 'kept']],
];
for (const [type, way] of WAYS) {
  test(`the straight way of a ${type} order leads to its end, as the lifecycle allows, and never back`, () => {
    const seen: Phase[] = [];
    let told: DeploymentState = 'pending';
    for (let phase: Phase = 'queued'; ; phase = nextPhase(phase, type)) {
      seen.push(phase);
      const state = toldState(phase);
      if (state !== told) assert.ok(advance(DEPLOYMENT_LIFECYCLE, told, state), `${told} -> ${state}`);
      told = state;
      if (!isOpen(phase)) break;
    }
    assert.deepEqual(seen, way);
    const places = seen.filter(isOpen).map((phase) => (WAY as readonly Phase[]).indexOf(phase));
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
  });
}

test('every end is one of the lifecycle', () => {
  for (const end of END_PHASES) assert.ok(isTerminal(DEPLOYMENT_LIFECYCLE, toldState(end)), end);
});

test('a restart goes on at a phase that is behind or the same, and can do so with what it has', () => {
  for (const phase of OPEN_PHASES) {
    const { resumesAt, needs } = PHASES[phase];
    assert.ok(resumesAt === phase || isBehind(resumesAt, phase), phase);
    assert.equal(PHASES[resumesAt].needs, needs, phase);
  }
});

test('what runs a model that did not run here before is counted', () => {
  assert.deepEqual(
    OPEN_PHASES.filter((phase) => PHASES[phase].isTrial),
    ['self_testing', 'shadowing', 'switching'],
  );
});

test('the way back lies beside the way: nothing of it is behind', () => {
  assert.ok(!isBehind('rolling_back', 'success'));
  assert.ok(!isBehind('probation', 'rolling_back'));
});
