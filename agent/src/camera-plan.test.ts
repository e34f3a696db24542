import assert from 'node:assert/strict';
import { test } from 'node:test';
import Value from 'typebox/value';
import { planCameras } from './camera-plan.ts';
import { CameraConfig } from './config/schema.ts';

const withDefaults = (given: Partial<CameraConfig>) => Value.Default(CameraConfig, given) as CameraConfig;
const camera = (id: string, change: Partial<CameraConfig> = {}): CameraConfig =>
  withDefaults({ id, url: `rtsp://10.0.0.1/${id}`, ...change });
const [A, B, C] = ['a', 'b', 'c'].map((id) => camera(id)) as [CameraConfig, CameraConfig, CameraConfig];
const FAST = camera('a', { fps: 10 });
const MOVED = withDefaults({ id: 'a', device: '/dev/video0' });

const CASES: readonly {
  readonly name: string;
  readonly before: readonly CameraConfig[];
  readonly after: readonly CameraConfig[];
  readonly expected: Partial<ReturnType<typeof planCameras>>;
}[] = [
  { name: 'nothing changes', before: [A, B], after: [A, B], expected: { keep: ['a', 'b'] } },
  { name: 'only the order changes', before: [A, B], after: [B, A], expected: { keep: ['b', 'a'] } },
  {
    name: 'keys come in another order',
    before: [A],
    after: [Object.fromEntries(Object.entries(A).reverse()) as CameraConfig],
    expected: { keep: ['a'] },
  },
  { name: 'one is added', before: [A], after: [A, B], expected: { keep: ['a'], start: [B] } },
  { name: 'one is removed', before: [A, B], after: [B], expected: { keep: ['b'], stop: ['a'] } },
  { name: 'one is changed', before: [A, B], after: [FAST, B], expected: { keep: ['b'], replace: [FAST] } },
  { name: 'one moves to a device', before: [A], after: [MOVED], expected: { replace: [MOVED] } },
  {
    name: 'one is kept, one stopped, one replaced, one started',
    before: [A, B, camera('d')],
    after: [C, FAST, B],
    expected: { keep: ['b'], stop: ['d'], replace: [FAST], start: [C] },
  },
  { name: 'the first come', before: [], after: [A], expected: { start: [A] } },
  { name: 'the last go', before: [A], after: [], expected: { stop: ['a'] } },
];

for (const { name, before, after, expected } of CASES) {
  test(`when ${name}, the plan says so`, () =>
    assert.deepEqual(planCameras(before, after), {
      keep: [],
      stop: [],
      replace: [],
      start: [],
      ...expected,
    }));
}
