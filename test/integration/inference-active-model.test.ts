import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import { createActiveModel } from '../../agent/src/inference/active-model.ts';
import type { ActiveModel, Looked } from '../../agent/src/inference/port.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { holdModel, lookAt, picturesOf } from '../support/held-model.ts';

const tell = (looked: Looked): string =>
  looked.kind === 'classified' ? `${looked.model.digest} ${looked.prediction.label}` : looked.kind;

async function saysOf(model: ActiveModel, id: number): Promise<string> {
  return tell(await model.classify(lookAt(picturesOf(id, 1, 2))));
}

test('without a model there is no result', async () => {
  assert.equal(await saysOf(createActiveModel(), 1), 'unseen');
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
  assert.deepEqual(await model.classify(lookAt(picturesOf(1, 1, 3))), { kind: 'unseen' });
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

test('one look waits for each place: a newer one takes its turn, and what is classified is never old', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  const look = async (place: string, id: number): Promise<string> =>
    tell(await model.classify(lookAt(picturesOf(id, 1), { place, capturedAtMs: id, dueAtMs: id + 100 })));
  const busy = look('door', 1);
  await settle();
  const waiting = [look('door', 2), look('yard', 3), look('door', 4), look('door', 5)];
  assert.equal(model.waitingSinceMs(), 2);
  for (const label of ['one', 'two', 'three']) {
    held.answer(label);
    await settle();
  }
  assert.deepEqual(await Promise.all([busy, ...waiting]), [
    'a one',
    'displaced',
    'a three',
    'displaced',
    'a two',
  ]);
  assert.deepEqual(held.asked, [1, 5, 3]);
  assert.deepEqual([model.displaced(), model.waitingSinceMs()], [2, undefined]);
});

test('pictures are made when the turn of their look has come, and not before', async () => {
  const model = createActiveModel();
  const held = holdModel('a');
  await model.replace(held);
  const made: number[] = [];
  const look = (id: number) =>
    model.classify({
      ...lookAt([], { place: `cam-${id}` }),
      pictures: async () => {
        made.push(id);
        return picturesOf(id, 1);
      },
    });
  const both = [look(1), look(2)];
  await settle();
  assert.deepEqual(made, [1]);
  held.answer('cat');
  await settle();
  assert.deepEqual(made, [1, 2]);
  held.answer('cat');
  await Promise.all(both);
});

test('a look whose pictures are being made at the switch is of the model before', async () => {
  const model = createActiveModel();
  const [before, next] = [holdModel('before'), holdModel('next')];
  await model.replace(before);
  const making = Promise.withResolvers<ReturnType<typeof picturesOf>>();
  const first = model.classify({ ...lookAt([]), pictures: () => making.promise });
  const switched = model.replace(next);
  const second = saysOf(model, 2);
  await settle();
  making.resolve(picturesOf(1, 1));
  await settle();
  assert.deepEqual([before.asked, next.asked], [[1], [2]]);
  before.answer('cat');
  next.answer('dog');
  assert.deepEqual([tell(await first), await second], ['before cat', 'next dog']);
  assert.equal(await switched, before);
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
