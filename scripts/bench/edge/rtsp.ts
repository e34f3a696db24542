import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A recording in RTP packets, at real-time pace and for ever: what an RTSP server passes on. */
export interface RtpSource {
  /** What is in it, as DESCRIBE is answered. */
  readonly sdp: string;
  /** Of the UDP socket packets come through. */
  readonly port: number;
  onPacket(listener: (packet: Uint8Array) => void): void;
  /** Sends a packet on, to a port of the loopback. */
  send(packet: Uint8Array, port: number, onSent: () => void): void;
  stop(): Promise<void>;
}

/** Room for the pictures of a moment in which this process does not run. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

/** @param video H.264 */
export async function openRtpSource(video: string): Promise<RtpSource> {
  const udp = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const { port } = udp.address();
  const input = ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', video];
  const output = ['-an', '-c:v', 'copy', '-f', 'rtp', `rtp://127.0.0.1:${port}?pkt_size=1400`];
  const ffmpeg = spawn('ffmpeg', [...input, ...output], { stdio: ['ignore', 'pipe', 'ignore'] });
  return {
    sdp: await firstSdp(ffmpeg),
    port,
    onPacket: (listener) => void udp.on('message', listener),
    send: (packet, to, onSent) => udp.send(packet, to, '127.0.0.1', onSent),
    stop: async () => {
      const gone = ffmpeg.exitCode === null ? once(ffmpeg, 'exit') : undefined;
      ffmpeg.kill('SIGKILL');
      udp.close();
      await gone;
    },
  };
}

/** ffmpeg prints the session description on stdout once the muxer knows the parameter sets. */
async function firstSdp({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    if (/a=fmtp.*\r?\n/.test(text)) break;
  }
  const lines = text.split(/\r?\n/).filter((line) => /^[vosctma]=/.test(line));
  return `${lines.join('\r\n')}\r\na=control:streamid=0\r\n`;
}

/** A packet within the connection of RTSP; RFC 2326 section 10.12: `$`, channel 0, length, packet. */
export function interleave(packet: Uint8Array): Buffer {
  const header = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
  return Buffer.concat([header, packet]);
}

/** Requests of a player of RTSP, none of which has a body. */
export function onRequest(client: Socket, listener: (request: string) => void): void {
  let text = '';
  client.on('data', (chunk) => {
    // Interleaved RTCP reports of the player start with `$`.
    if (chunk[0] === 0x24) return;
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const request = text.slice(0, end);
      text = text.slice(end + 4);
      listener(request);
    }
  });
}

/** @param status as `200 OK` */
export function composeReply(
  request: string,
  status: string,
  headers: readonly string[] = [],
  body = '',
): string {
  const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
  return [`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers, '', body].join('\r\n');
}

export const methodOf = (request: string): string => request.split(' ', 1)[0] ?? '';
