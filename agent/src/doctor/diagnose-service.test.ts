import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseService, type ServiceFacts } from './diagnose-service.ts';

const RUNNING = {
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'running',
  Result: 'success',
  StatusText: '4 of 5 cameras',
  UnitFileState: 'enabled',
  NRestarts: '0',
};

const CASES: readonly (readonly [string, ServiceFacts, readonly string[], RegExp])[] = [
  ['runs', RUNNING, ['ok'], /active \(running\): 4 of 5 cameras/],
  ['is looked at without systemd', undefined, ['skipped'], /does not run here/],
  ['is not installed', { LoadState: 'not-found' }, ['skipped'], /not installed/],
  ['is stopped', { ...RUNNING, ActiveState: 'inactive' }, ['problem'], /inactive/],
  ['failed', { ...RUNNING, ActiveState: 'failed', Result: 'watchdog' }, ['problem'], /ended with: watchdog/],
  ['is not enabled', { ...RUNNING, UnitFileState: 'disabled' }, ['ok', 'warning'], /disabled/],
  ['was started again once', { ...RUNNING, NRestarts: '1' }, ['ok', 'ok'], /1 time by/],
  ['was started again often', { ...RUNNING, NRestarts: '12' }, ['ok', 'warning'], /12 times/],
];
for (const [name, facts, verdicts, found] of CASES) {
  test(`a service that ${name} is ${verdicts.join(', ')}`, () => {
    const checks = diagnoseService(facts, 0);
    assert.deepEqual(
      checks.map(({ verdict }) => verdict),
      verdicts,
    );
    assert.match(checks.at(-1)?.found ?? '', found);
  });
}

const STARTS: readonly (readonly [number, readonly string[]])[] = [
  [0, ['ok']],
  [1, ['ok']],
  [2, ['ok', 'warning']],
  [5, ['ok', 'problem']],
];
for (const [shortLives, verdicts] of STARTS) {
  test(`${shortLives} starts that ended early are ${verdicts.join(', ')}`, () =>
    assert.deepEqual(
      diagnoseService(RUNNING, shortLives).map(({ verdict }) => verdict),
      verdicts,
    ));
}
