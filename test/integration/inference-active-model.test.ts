import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import type { ActiveModel } from '../../agent/src/inference/port.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { holdModel, picturesOf } from '../support/held-model.ts';

async function saysOf(model: ActiveModel, id: number): Promise<string> {
  const classified = await model.classify(picturesOf(id, 1, 2));
  return classified === undefined ? 'nothing' : `${classified.model.digest} ${classified.prediction.label}`;
}

test('without a model there is no result', async () => {
  assert.equal(await saysOf(createActiveModel(), 1), 'nothing');
});

test('frames go through one at a time, in the order they come', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  const all = Promise.all([1, 2, 3].map((id) => saysOf(model, id)));
  for (const label of ['one', 'two', 'three']) {
    await settle();
    held.answer(label);
  }
  assert.deepEqual(await all, ['a one', 'a two', 'a three']);
  assert.deepEqual(held.asked, [1, 2, 3]);
});

test('a frame without a picture for the model is passed over, and the next one is classified', async () => {
  const model = createActiveModel();
  const held = holdModel('a', 2);
  await model.replace(held);
  assert.equal(await model.classify(picturesOf(1, 1, 3)), undefined);
  const second = saysOf(model, 2);
  await settle();
  held.answer('cat');
  assert.equal(await second, 'a cat');
});

test('a frame that fails does not stop the line', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  const first = assert.rejects(saysOf(model, 1), { code: 'INFERENCE_CRASHED' });
  const second = saysOf(model, 2);
  await settle();
  held.fail(agentError('INFERENCE_CRASHED', 'gone'));
  await first;
  held.answer('cat');
  assert.equal(await second, 'a cat');
});

test('a switch loses no frame: the one in flight ends with the model before, those in line go to the next', async () => {
  const model = createActiveModel();
  const [before, next] = [holdModel('before'), holdModel('next')];
  await model.replace(before);
  const frames = [1, 2].map((id) => saysOf(model, id));
  await settle();
  const switched = model.replace(next);
  assert.equal(model.current(), next);
  await settle();
  assert.deepEqual(
    [before.asked, next.asked],
    [[1], [2]],
    'the line goes on while the last frame is computed',
  );
  next.answer('dog');
  assert.equal(await frames[1], 'next dog');
  before.answer('cat');
  assert.equal(await frames[0], 'before cat');
  assert.equal(await switched, before);
  assert.equal(before.isReleased(), false, 'the caller releases it');
});

test('after a switch during a frame, the next model still gets one frame at a time', async () => {
  const model = createActiveModel();
  const [before, next] = [holdModel('before'), holdModel('next')];
  await model.replace(before);
  const frames = [1, 2, 3].map((id) => saysOf(model, id));
  await settle();
  const switched = model.replace(next);
  await settle();
  before.answer('cat');
  await switched;
  await settle();
  assert.deepEqual(next.asked, [2]);
  next.answer('dog');
  await settle();
  next.answer('bird');
  assert.deepEqual(await Promise.all(frames), ['before cat', 'next dog', 'next bird']);
});

test('a model that hangs does not hold up the switch', async () => {
  const model = createActiveModel();
  const hanging = holdModel('hanging');
  await model.replace(hanging);
  const lost = saysOf(model, 1);
  await settle();
  assert.equal(await model.replace(undefined), hanging);
  hanging.answer('late');
  assert.equal(await lost, 'hanging late');
});

test('a model that takes the place of itself stays, and is not given back', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  assert.equal(await model.replace(held), undefined);
  assert.equal(model.current(), held);
});

test('released, it releases its model and has none', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  await model.release();
  assert.equal(held.isReleased(), true);
  assert.equal(model.current(), undefined);
});

test('listeners are told of each classified frame with all its pictures, until they no longer wish to', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  const told: string[] = [];
  const stop = model.onClassified((pictures, { prediction }) =>
    told.push(`${pictures.length} ${prediction.label}`),
  );
  const classify = async (id: number, label: string): Promise<void> => {
    const classified = saysOf(model, id);
    await settle();
    held.answer(label);
    await classified;
  };
  await classify(1, 'cat');
  stop();
  await classify(2, 'dog');
  assert.deepEqual(told, ['2 cat']);
});
