import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseSettings, type SettingsFacts } from './diagnose-settings.ts';

const SOUND: SettingsFacts = {
  kind: 'sound',
  file: '/etc/watchpost/agent.yaml',
  cameras: 2,
  fleetVersion: 7,
  refused: undefined,
  trustRoot: { kind: 'sound', path: '/etc/watchpost/1.root.json' },
  authority: { kind: 'unset' },
};
const BAD_FILE = { kind: 'unusable', what: '/x cannot be read' } as const;

const CASES: readonly (readonly [string, SettingsFacts, readonly string[]])[] = [
  ['are sound', SOUND, ['ok', 'ok']],
  ['are broken', { kind: 'broken', what: 'a problem', remedy: 'Correct it.' }, ['problem']],
  ['of the fleet were refused', { ...SOUND, refused: 'settings 8 were reverted' }, ['ok', 'warning', 'ok']],
  ['have no camera', { ...SOUND, cameras: 0 }, ['ok', 'warning', 'ok']],
  ['name no root of trust', { ...SOUND, trustRoot: { kind: 'unset' } }, ['ok', 'warning']],
  ['name a root that cannot be read', { ...SOUND, trustRoot: BAD_FILE }, ['ok', 'problem']],
  ['name an authority that cannot be read', { ...SOUND, authority: BAD_FILE }, ['ok', 'ok', 'warning']],
];
for (const [name, facts, verdicts] of CASES) {
  test(`settings that ${name} are ${verdicts.join(', ')}`, () =>
    assert.deepEqual(
      diagnoseSettings(facts).map(({ verdict }) => verdict),
      verdicts,
    ));
}
