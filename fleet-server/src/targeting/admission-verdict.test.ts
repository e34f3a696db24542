import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { judgeAdmission, type KnownDevice } from './admission-verdict.ts';
import type { AdmissionVerdict } from './port.ts';

const MB = 1_000_000;
const BOX: KnownDevice = {
  board: 'rpi5',
  arch: 'arm64',
  memoryBytes: 4000 * MB,
  agentVersion: '0.3.1',
  diskFreeBytes: 500 * MB,
};
const latencyMsByBoard = new Map([['rpi5', 180.4]]);

type Case = readonly [
  what: string,
  requires: Manifest['requires'],
  box: KnownDevice,
  verdict: AdmissionVerdict,
];
const fit: AdmissionVerdict = { kind: 'fit' };
const CASES: readonly Case[] = [
  ['a bundle that asks for nothing fits', {}, BOX, fit],
  ['a device that never spoke fits a bundle that asks for nothing', {}, {}, fit],
  [
    'demands that are just met fit',
    { agent: '>=0.3.1 <1', arch: ['x64', 'arm64'], ramBytes: 4000 * MB, diskBytes: 500 * MB, latencyMs: 181 },
    BOX,
    fit,
  ],
  [
    'an older agent is named',
    { agent: '>=0.4' },
    BOX,
    { kind: 'unfit', code: 'UNFIT_AGENT', detail: 'needs agent >=0.4, the device has 0.3.1' },
  ],
  [
    'another architecture is named',
    { arch: ['x64'] },
    BOX,
    { kind: 'unfit', code: 'UNFIT_ARCH', detail: 'needs x64, the device has arm64' },
  ],
  [
    'every demand that is not met is named, and what is not known beside it is not',
    { agent: '>=9', ramBytes: 4001 * MB, diskBytes: 501 * MB },
    { ...BOX, diskFreeBytes: 400 * MB, agentVersion: '0.1.0' },
    {
      kind: 'unfit',
      code: 'UNFIT_AGENT',
      detail:
        'needs agent >=9, the device has 0.1.0; needs 4001 MB of memory, the device has 4000 MB; ' +
        'needs 501 MB of free disk, the device has 400 MB',
    },
  ],
  [
    'a board that is too slow is named',
    { latencyMs: 100 },
    BOX,
    { kind: 'unfit', code: 'UNFIT_LATENCY', detail: 'needs 100 ms a frame, board rpi5 takes 180 ms' },
  ],
  ['a board nobody measured fits', { latencyMs: 100 }, { ...BOX, board: 'n100' }, fit],
  [
    'what the device did not say is open',
    { arch: ['arm64'], diskBytes: 5 },
    { arch: 'arm64' },
    { kind: 'unknown', detail: 'needs 1 MB of free disk, the device did not say yet' },
  ],
  [
    'one demand that is not met decides, whatever is open',
    { arch: ['x64'], diskBytes: 5 },
    { arch: 'arm64' },
    { kind: 'unfit', code: 'UNFIT_ARCH', detail: 'needs x64, the device has arm64' },
  ],
];
for (const [what, requires, box, verdict] of CASES)
  test(what, () => assert.deepEqual(judgeAdmission({ requires, latencyMsByBoard }, box), verdict));
