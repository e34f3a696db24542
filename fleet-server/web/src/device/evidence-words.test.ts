import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidencePicture } from '@watchpost/shared/api/evidence.ts';
import { captionOf, describePicture } from './evidence-words.ts';

const pictures: readonly EvidencePicture[] = [-2_950, -60, 1_040].map((offsetMs, index) => ({
  ...{ number: index + 1, offsetMs, sizeBytes: 9 },
}));

test('a picture is named by its distance from the decision, the nearest one by the decision', () => {
  assert.deepEqual(
    pictures.map((picture) => captionOf(picture, pictures)),
    ['−3.0 s', 'decided', '+1.0 s'],
  );
});

test('who cannot see a picture is told what was seen where and when', () => {
  assert.deepEqual(
    pictures.map((picture) => describePicture(picture, pictures, 'cat at Gate')),
    [
      'cat at Gate, 3.0 s before the decision',
      'cat at Gate, as it was decided',
      'cat at Gate, 1.0 s after the decision',
    ],
  );
});
