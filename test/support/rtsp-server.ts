import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface RtspServerOptions {
  /** H.264 file, streamed at real-time pace for ever. */
  readonly video: string;
  /** `user:password`; without it everybody may watch. */
  readonly credentials?: string;
  /** Who comes when this many are playing is refused. */
  readonly maxClients?: number;
}

/** A camera for tests: RTSP over TCP, media interleaved, on a free loopback port. */
export interface RtspServer {
  /** Without credentials. */
  readonly url: string;
  /** RTP packets are swallowed while true: the session stays open and silent. */
  mute(silent: boolean): void;
  /** Clients that are playing now. */
  watching(): number;
  /** Clients that were sent away, because others were playing. */
  refused(): number;
  stop(): Promise<void>;
}

/** The parts of RFC 2326 that ffmpeg's client uses: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN. */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const udp = createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const source = spawn('ffmpeg', rtpArguments(options.video, udp.address().port), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const sdp = await firstSdp(source);
  const players = new Set<Socket>();
  const clients = new Set<Socket>();
  let silent = false;
  let refused = 0;
  const admit = (client: Socket): boolean => {
    const isFull = players.size >= (options.maxClients ?? Number.POSITIVE_INFINITY);
    if (isFull) refused += 1;
    else players.add(client);
    return !isFull;
  };
  udp.on('message', (packet) => {
    if (!silent) for (const player of players) player.write(interleaved(packet));
  });
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => {
      clients.delete(client);
      players.delete(client);
    });
    answer(client, { sdp, ...options }, () => admit(client));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/live`,
    mute: (value) => {
      silent = value;
    },
    watching: () => players.size,
    refused: () => refused,
    stop: () => stopAll(server, clients, source, udp),
  };
}

function rtpArguments(video: string, port: number): string[] {
  const input = ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', video];
  return [...input, '-an', '-c:v', 'copy', '-f', 'rtp', `rtp://127.0.0.1:${port}?pkt_size=1200`];
}

/** ffmpeg prints the session description on stdout once the muxer knows the parameter sets. */
async function firstSdp(source: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of source.stdout ?? []) {
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

function answer(client: Socket, options: RtspServerOptions & { sdp: string }, admit: () => boolean): void {
  let text = '';
  client.on('data', (chunk) => {
    // Interleaved RTCP reports of the client start with `$`; no request of ffmpeg's client has a body.
    if (chunk[0] === 0x24) return;
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const request = text.slice(0, end);
      text = text.slice(end + 4);
      const isAdmitted = !request.startsWith('PLAY') || admit();
      client.write(replyTo(request, options, isAdmitted));
    }
  });
}

function replyTo(
  request: string,
  { sdp, credentials }: RtspServerOptions & { sdp: string },
  isAdmitted: boolean,
): string {
  const method = request.split(' ', 1)[0];
  const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
  const reply = (status: string, headers: readonly string[] = [], body = ''): string =>
    [`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers, '', body].join('\r\n');
  if (method === 'OPTIONS') return reply('200 OK', ['Public: DESCRIBE, SETUP, PLAY, TEARDOWN']);
  if (!isAllowed(request, credentials)) {
    return reply('401 Unauthorized', ['WWW-Authenticate: Basic realm="camera"']);
  }
  if (method === 'DESCRIBE') {
    return reply('200 OK', ['Content-Type: application/sdp', `Content-Length: ${sdp.length}`], sdp);
  }
  if (method === 'SETUP') {
    return reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1']);
  }
  return isAdmitted ? reply('200 OK', ['Session: 1']) : reply('453 Not Enough Bandwidth');
}

function isAllowed(request: string, credentials: string | undefined): boolean {
  if (credentials === undefined) return true;
  const sent = /^Authorization: *Basic +(\S+)/im.exec(request)?.[1] ?? '';
  return Buffer.from(sent, 'base64').toString() === credentials;
}

async function stopAll(server: Server, clients: Set<Socket>, source: ChildProcess, udp: UdpSocket) {
  const gone = source.exitCode === null ? once(source, 'exit') : undefined;
  source.kill('SIGKILL');
  for (const client of clients) client.destroy();
  server.close();
  udp.close();
  await gone;
}
