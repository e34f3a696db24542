import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, type Field } from '../../pet-park/protobuf.ts';
import { withClipAttributes } from './opencv-model.ts';

const text = (number: number, value: string): Field => ({ kind: 'text', number, value });
const message = (number: number, fields: readonly Field[]): Field => ({ kind: 'message', number, fields });
const constant = (name: string, value: number): Field =>
  message(5, [
    text(8, name),
    { kind: 'bytes', number: 9, value: new Uint8Array(Float32Array.of(value).buffer) },
  ]);
const clip = (...rest: readonly Field[]): Field => message(1, [text(1, 'x'), ...rest]);
const attribute = (name: string, value: number): Field =>
  message(5, [text(1, name), { kind: 'float', number: 2, value }, { kind: 'integer', number: 20, value: 1 }]);

test('bounds that came as inputs are attributes, everything else is as it was', () => {
  const around = [{ kind: 'integer', number: 1, value: 300 }, text(2, 'maker')] as const;
  const constants = [constant('low', 0), constant('high', 6)];
  const other = message(1, [text(1, 'x'), text(1, 'low'), text(4, 'Add')]);
  const model = encodeMessage([
    ...around,
    message(7, [clip(text(1, 'low'), text(1, 'high'), text(2, 'y'), text(4, 'Clip')), other, ...constants]),
  ]);
  const wanted = encodeMessage([
    ...around,
    message(7, [
      clip(text(2, 'y'), text(4, 'Clip'), attribute('min', 0), attribute('max', 6)),
      other,
      ...constants,
    ]),
  ]);
  assert.deepEqual(Buffer.from(withClipAttributes(model)), Buffer.from(wanted));
});
