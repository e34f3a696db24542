import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactText } from './redact-text.ts';

const CASES = [
  ['rtsp://admin:hunter2@10.0.0.3/1', 'rtsp://***@10.0.0.3/1'],
  ['{"url":"rtsp://hunter2@cam/1","fps":2}', '{"url":"rtsp://***@cam/1","fps":2}'],
  ['a rtsp://a:hunter2@b and http://c:hunter2@d', 'a rtsp://***@b and http://***@d'],
  [
    'http://cam/api?cmd=Snap&user=admin&password=hunter2&x=1',
    'http://cam/api?cmd=Snap&user=***&password=***&x=1',
  ],
  ['{"url":"http://cam/?token=hunter2"}', '{"url":"http://cam/?token=***"}'],
  ['authorization: Basic aHVudGVyMg==', 'authorization: Basic ***'],
  ['Bearer eyJhbGciOiJ.hunter2.x-_', 'Bearer ***'],
  [
    '-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----',
  ],
] as const;
for (const [text, hidden] of CASES)
  test(`nothing that opens something is left of ${text.slice(0, 24)}…`, () =>
    assert.equal(redactText(text), hidden));

const HARMLESS = [
  'rtsp://10.0.0.3:554/stream@1',
  '{"level":"info","msg":"camera online","camera":"door"}',
  'mail@example.org',
  'https://fleet:8443/api?before=7',
];
for (const text of HARMLESS) test(`"${text}" is left as it is`, () => assert.equal(redactText(text), text));
