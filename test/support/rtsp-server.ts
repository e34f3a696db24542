import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  composeReply,
  interleave,
  methodOf,
  onRequest,
  openRtpSource,
} from '../../scripts/bench/edge/rtsp.ts';

export interface RtspServerOptions {
  /** H.264 file, streamed at real-time pace for ever. */
  readonly video: string;
  /** `user:password`; without it everybody may watch. */
  readonly credentials?: string;
  /** Asks for a Digest instead of Basic authentication. */
  readonly isDigest?: boolean;
  /** Who comes when this many are playing is refused. */
  readonly maxClients?: number;
  /** RTSPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Status of the answer to DESCRIBE, instead of the description. */
  readonly refusal?: string;
  /** Makes another description of the stream. */
  readonly describe?: (sdp: string) => string;
}

/** A camera for tests: RTSP on a free loopback port, media interleaved or over UDP as the client asks for. */
export interface RtspServer {
  /** Without credentials. */
  readonly url: string;
  /** RTP packets are swallowed while true: the session stays open and silent. */
  mute(silent: boolean): void;
  /** Clients that are playing now. */
  watching(): number;
  /** RTP packets that went out over UDP. */
  datagrams(): number;
  /** Clients that were sent away, because others were playing. */
  refused(): number;
  stop(): Promise<void>;
}

/** The parts of RFC 2326 that ffmpeg's client uses: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN. */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const source = await openRtpSource(options.video);
  const players = new Set<Socket>();
  const clients = new Set<Socket>();
  let silent = false;
  let refused = 0;
  let datagrams = 0;
  const ports = new Map<Socket, number>();
  const admit = (client: Socket): boolean => {
    const isFull = players.size >= (options.maxClients ?? Number.POSITIVE_INFINITY);
    if (isFull) refused += 1;
    else players.add(client);
    return !isFull;
  };
  source.onPacket((packet) => {
    for (const player of silent ? [] : players) {
      const port = ports.get(player);
      if (port === undefined) player.write(interleave(packet));
      else source.send(packet, port, () => datagrams++);
    }
  });
  const onClient = (client: Socket): void => {
    clients.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => {
      clients.delete(client);
      players.delete(client);
    });
    const session: Session = {
      ...options,
      sdp: options.describe?.(source.sdp) ?? source.sdp,
      nonce: randomUUID(),
      serverPort: source.port,
      admit: () => admit(client),
      onPort: (port) => void ports.set(client, port),
    };
    onRequest(client, (request) => client.write(replyTo(request, session)));
  };
  const server = options.tls === undefined ? createServer(onClient) : createTlsServer(options.tls, onClient);
  // A client that does not trust the certificate hangs up.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${options.tls === undefined ? 'rtsp' : 'rtsps'}://127.0.0.1:${(server.address() as AddressInfo).port}/live`,
    mute: (value) => {
      silent = value;
    },
    watching: () => players.size,
    datagrams: () => datagrams,
    refused: () => refused,
    stop: async () => {
      for (const client of clients) client.destroy();
      server.close();
      await source.stop();
    },
  };
}

interface Session extends RtspServerOptions {
  readonly sdp: string;
  readonly nonce: string;
  readonly serverPort: number;
  readonly admit: () => boolean;
  /** Where the client wants its packets. */
  readonly onPort: (port: number) => void;
}

function replyTo(request: string, session: Session): string {
  const method = methodOf(request);
  const reply = (status: string, headers?: readonly string[], body?: string): string =>
    composeReply(request, status, headers, body);
  if (method === 'OPTIONS') return reply('200 OK', ['Public: DESCRIBE, SETUP, PLAY, TEARDOWN']);
  if (!isAllowed(request, session)) return reply('401 Unauthorized', [challengeOf(session)]);
  if (method === 'DESCRIBE') {
    const { refusal, sdp } = session;
    if (refusal !== undefined) return reply(refusal);
    return reply('200 OK', ['Content-Type: application/sdp', `Content-Length: ${sdp.length}`], sdp);
  }
  if (method === 'SETUP')
    return reply('200 OK', [`Transport: ${agreeTransport(request, session)}`, 'Session: 1']);
  const isAdmitted = method !== 'PLAY' || session.admit();
  return isAdmitted ? reply('200 OK', ['Session: 1']) : reply('453 Not Enough Bandwidth');
}

function agreeTransport(request: string, { onPort, serverPort }: Session): string {
  const ports = /client_port=(\d+)-(\d+)/.exec(request);
  if (ports === null) return 'RTP/AVP/TCP;unicast;interleaved=0-1';
  onPort(Number(ports[1]));
  return `RTP/AVP;unicast;client_port=${ports[1]}-${ports[2]};server_port=${serverPort}-${serverPort + 1}`;
}

const challengeOf = ({ isDigest, nonce }: Session): string =>
  `WWW-Authenticate: ${isDigest === true ? `Digest realm="camera", nonce="${nonce}"` : 'Basic realm="camera"'}`;

function isAllowed(request: string, { credentials, isDigest, nonce }: Session): boolean {
  if (credentials === undefined) return true;
  const sent = /^Authorization: *(.+)/im.exec(request)?.[1] ?? '';
  if (isDigest !== true)
    return Buffer.from(/^Basic +(\S+)/i.exec(sent)?.[1] ?? '', 'base64').toString() === credentials;
  const [user = '', password = ''] = credentials.split(/:(.*)/s);
  const field = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(sent)?.[1] ?? '';
  const hash = (text: string): string => createHash('md5').update(text).digest('hex');
  const asked = hash(`${methodOf(request)}:${field('uri')}`);
  return field('response') === hash(`${hash(`${user}:camera:${password}`)}:${nonce}:${asked}`);
}
