import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createTlsFetch } from '../../agent/src/identity/tls-fetch.ts';
import { makeAuthority } from '../support/certified-box.ts';

async function listen(t: TestContext, server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a connection that is reset in the middle of an answer fails that answer, and ends nothing', async (t) => {
  const authority = await makeAuthority();
  const material = await authority.issueServer(['127.0.0.1']);
  const server = createServer(material, (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('the beginning');
  });
  server.on('tlsClientError', () => undefined);
  const behind = await listen(t, server);
  // As a router that forgets the connection.
  const resets: (() => void)[] = [];
  const router = createTcpServer((near) => {
    const far = connect(behind, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
    resets.push(() => {
      near.resetAndDestroy();
      far.destroy();
    });
  });
  const port = await listen(t, router);
  const tlsFetch = createTlsFetch(() => ({ ca: authority.caPem }));
  const reply = await tlsFetch(`https://127.0.0.1:${port}/`);
  assert.equal(reply.status, 200);
  const body = assert.rejects(reply.text());
  for (const reset of resets) reset();
  await body;
  // What the socket has to say beside comes a turn later.
  await turn();
});
