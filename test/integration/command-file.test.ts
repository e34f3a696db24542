import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpEvidence } from '../../agent/src/commands/http-evidence.ts';

const PICTURE = { contentType: 'image/jpeg', bytes: new Uint8Array([1, 2, 3]) } as const;
const never = new AbortController().signal;
type Answer = number | 'cut';

/** A server that answers in this order, and then the last for ever. */
function openServer(answers: readonly Answer[], onAsked: () => void = () => undefined) {
  const asked: string[] = [];
  const send = createHttpEvidence({
    serverUrl: 'http://fleet',
    identity: { deviceId: 'box-1', secret: 'secret' },
    fetch: async (input, init) => {
      init?.signal?.throwIfAborted();
      asked.push(new URL(String(input)).pathname);
      onAsked();
      const answer = answers[Math.min(asked.length, answers.length) - 1] ?? 204;
      if (answer === 'cut') throw new TypeError('fetch failed');
      return new Response(null, { status: answer });
    },
    random01: () => 0,
    backoff: { baseMs: 1, maxMs: 1 },
  });
  return { asked, send };
}

const CASES: readonly (readonly [
  name: string,
  answers: readonly Answer[],
  asked: number,
  isTaken: boolean,
])[] = [
  ['is taken at once', [204], 1, true],
  ['is sent again after a line that was cut', ['cut', 204], 2, true],
  ['is sent again to a server that is starting', [503, 502, 204], 3, true],
  ['is given up where nobody answers', ['cut'], 4, false],
  ['is not sent again to a server that will not have it', [409, 204], 1, false],
];

for (const [name, answers, times, isTaken] of CASES) {
  test(`the file of a command ${name}`, async () => {
    const { asked, send } = openServer(answers);
    const sent = send('c-1', PICTURE, never);
    if (isTaken) await sent;
    else await assert.rejects(sent, { code: 'SERVER_UNREACHABLE' });
    assert.deepEqual(asked, Array<string>(times).fill('/api/v1/device/commands/c-1/file'));
  });
}

test('the file of a command nobody waits for any more is not sent again', async () => {
  const over = new AbortController();
  const { asked, send } = openServer(['cut', 204], () => over.abort());
  await assert.rejects(send('c-1', PICTURE, over.signal), { code: 'SERVER_UNREACHABLE' });
  assert.equal(asked.length, 1);
});
