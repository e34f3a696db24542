import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

// A camera of the bench, a process of its own: RTSP over TCP with H.264 in real time, to as many as ask. Its CPU is
// nobody's. usage: rtsp-camera.ts VIDEO; prints its port.

/** Room for the pictures of a moment in which this process does not run. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

const [video = ''] = process.argv.slice(2);
const packets = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
packets.bind(0, '127.0.0.1');
await once(packets, 'listening');
const source = startSource(video, packets.address().port);
const sdp = await firstSdp(source);
const players = new Set<Socket>();
packets.on('message', (packet) => {
  const framed = interleaved(packet);
  for (const player of players) player.write(framed);
});
// Every address of the loopback is a camera of its own.
const server = createServer(serve).listen(0, '0.0.0.0');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => {
  source.kill('SIGKILL');
  process.exit(0);
});

function startSource(file: string, port: number): ChildProcess {
  const input = ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', file];
  const output = ['-an', '-c:v', 'copy', '-f', 'rtp', `rtp://127.0.0.1:${port}?pkt_size=1400`];
  return spawn('ffmpeg', [...input, ...output], { stdio: ['ignore', 'pipe', 'ignore'] });
}

/** ffmpeg prints the session description once it knows the parameter sets. */
async function firstSdp({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    if (/a=fmtp.*\r?\n/.test(text)) break;
  }
  const lines = text.split(/\r?\n/).filter((line) => /^[vosctma]=/.test(line));
  return `${lines.join('\r\n')}\r\na=control:streamid=0\r\n`;
}

/** RFC 2326 section 10.12: `$`, channel 0, length, packet. */
function interleaved(packet: Uint8Array): Buffer {
  const header = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
  return Buffer.concat([header, packet]);
}

function serve(client: Socket): void {
  let text = '';
  client.on('error', () => client.destroy());
  client.on('close', () => players.delete(client));
  client.on('data', (chunk) => {
    // Reports of the client, interleaved.
    if (chunk[0] === 0x24) return;
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const request = text.slice(0, end);
      text = text.slice(end + 4);
      client.write(replyTo(request));
      if (request.startsWith('PLAY')) players.add(client);
    }
  });
}

function replyTo(request: string): string {
  const method = request.split(' ', 1)[0] ?? '';
  const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
  const bodies: Readonly<Record<string, string>> = { DESCRIBE: sdp };
  const headers: Readonly<Record<string, readonly string[]>> = {
    OPTIONS: ['Public: DESCRIBE, SETUP, PLAY, TEARDOWN'],
    DESCRIBE: ['Content-Type: application/sdp', `Content-Length: ${sdp.length}`],
    SETUP: ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1'],
    PLAY: ['Session: 1'],
  };
  const lines = [
    'RTSP/1.0 200 OK',
    `CSeq: ${sequence}`,
    ...(headers[method] ?? []),
    '',
    bodies[method] ?? '',
  ];
  return lines.join('\r\n');
}
