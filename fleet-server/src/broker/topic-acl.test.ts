import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPublishAddress, mayReceive, maySubscribe } from './topic-acl.ts';

const OWNER = { fleet: 'main', device: 'box-1' };
const ROOT = 'watchpost/v1/main/box-1';

/** topic, may it be published, may it be subscribed to */
const CASES: readonly (readonly [string, boolean, boolean])[] = [
  [`${ROOT}/status`, true, false],
  [`${ROOT}/birth`, true, false],
  [`${ROOT}/telemetry`, true, false],
  [`${ROOT}/cam/door/event`, true, false],
  [`${ROOT}/cam/door/status`, true, false],
  [`${ROOT}/deployment`, true, false],
  [`${ROOT}/reported/model`, true, false],
  [`${ROOT}/desired/model`, false, true],
  [`${ROOT}/receipt`, false, true],
  [`${ROOT}/reported/config`, true, false],
  [`${ROOT}/desired/config`, false, true],
  [`${ROOT}/cmd/snapshot`, false, true],
  [`${ROOT}/cmd/snapshot/res`, true, false],
  [`${ROOT}/cmd/reboot`, false, false],
  [`${ROOT}/cmd/reboot/res`, false, false],
  [`${ROOT}/cmd/+`, false, false],
  [`${ROOT}/cmd/+/res`, false, false],
  [`${ROOT}/cmd`, false, false],
  ['watchpost/v1/main/box-2/cmd/snapshot', false, false],
  ['watchpost/v1/main/box-2/cmd/snapshot/res', false, false],
  [`${ROOT}/unknown`, false, false],
  [`${ROOT}`, false, false],
  [`${ROOT}/`, false, false],
  [`${ROOT}/#`, false, false],
  [`${ROOT}/+`, false, false],
  [`${ROOT}/cam/+/event`, false, false],
  [`${ROOT}/cam/door/event/more`, false, false],
  [`${ROOT}/cam/../event`, false, false],
  ['watchpost/v1/main/box-2/status', false, false],
  ['watchpost/v1/main/box-2/receipt', false, false],
  ['watchpost/v1/main/box-11/receipt', false, false],
  ['watchpost/v1/other/box-1/status', false, false],
  ['watchpost/v1/other/box-1/receipt', false, false],
  ['watchpost/v1/main/+/receipt', false, false],
  ['watchpost/v2/main/box-1/status', false, false],
  ['watchpost/v1/main', false, false],
  ['#', false, false],
  ['+/v1/main/box-1/receipt', false, false],
  ['$SYS/broker/new/clients', false, false],
  ['$share/group/watchpost/v1/main/box-1/receipt', false, false],
  [`$${ROOT}/status`, false, false],
  [`/${ROOT}/status`, false, false],
  [`${ROOT.toUpperCase()}/STATUS`, false, false],
  ['', false, false],
];

for (const [topic, mayPublish, maySub] of CASES) {
  test(`box-1 ${mayPublish ? 'may' : 'may not'} publish, ${maySub ? 'may' : 'may not'} read "${topic}"`, () => {
    assert.equal(findPublishAddress(OWNER, topic) !== undefined, mayPublish);
    assert.equal(maySubscribe(OWNER, topic), maySub);
    assert.equal(mayReceive(OWNER, topic), maySub);
  });
}

test('the address of an allowed publish names the camera', () => {
  assert.deepEqual(findPublishAddress(OWNER, `${ROOT}/cam/door/event`), {
    ...OWNER,
    kind: 'cameraEvent',
    camera: 'door',
  });
});
