import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { composeReply, interleave, methodOf, onRequest, openRtpSource } from './rtsp.ts';

// A camera of the bench, a process of its own: RTSP over TCP with H.264 in real time, to as many as ask. Its CPU is
// nobody's. usage: rtsp-camera.ts VIDEO; prints its port.

const [video = ''] = process.argv.slice(2);
const source = await openRtpSource(video);
const players = new Set<Socket>();
source.onPacket((packet) => {
  const framed = interleave(packet);
  for (const player of players) player.write(framed);
});
// Every address of the loopback is a camera of its own.
const server = createServer(serve).listen(0, '0.0.0.0');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => void source.stop().then(() => process.exit(0)));

function serve(client: Socket): void {
  client.on('error', () => client.destroy());
  client.on('close', () => players.delete(client));
  onRequest(client, (request) => {
    client.write(replyTo(request));
    if (methodOf(request) === 'PLAY') players.add(client);
  });
}

function replyTo(request: string): string {
  const { sdp } = source;
  const bodies: Readonly<Record<string, string>> = { DESCRIBE: sdp };
  const headers: Readonly<Record<string, readonly string[]>> = {
    OPTIONS: ['Public: DESCRIBE, SETUP, PLAY, TEARDOWN'],
    DESCRIBE: ['Content-Type: application/sdp', `Content-Length: ${sdp.length}`],
    SETUP: ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1'],
    PLAY: ['Session: 1'],
  };
  const method = methodOf(request);
  return composeReply(request, '200 OK', headers[method], bodies[method]);
}
