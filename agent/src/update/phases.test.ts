import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import {
  END_PHASES,
  isBehind,
  isOpen,
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

test('the straight way leads through every phase to success, as the lifecycle allows', () => {
  const seen: Phase[] = [];
  let told: DeploymentState = 'pending';
  for (let phase: Phase = 'queued'; ; phase = PHASES[phase].next) {
    seen.push(phase);
    const state = toldState(phase);
    if (state !== told) assert.ok(advance(DEPLOYMENT_LIFECYCLE, told, state), `${told} -> ${state}`);
    told = state;
    if (!isOpen(phase)) break;
  }
  assert.deepEqual(seen, [...WAY, 'success']);
});

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
