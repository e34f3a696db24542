import { deserialize, serialize } from 'node:v8';
import type { ChildReply, ChildRequest } from './child-messages.ts';

/** The channel's number among the streams of the inference process: a socket, read and written by both ends. */
export const CHANNEL_FD = 3;
/** No reply is longer. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
/** Length of the message and of the pixels behind it, each 32 bits, little-endian. */
export const HEADER_BYTES = 8;

export interface WireLengths {
  readonly messageBytes: number;
  readonly pixelBytes: number;
}

export function readHeader(header: Buffer): WireLengths {
  return { messageBytes: header.readUInt32LE(0), pixelBytes: header.readUInt32LE(4) };
}

/** In the parts to be written. Pixels travel as they are: serialised, each end would copy and collect them once more. */
export function encodeRequest(request: ChildRequest): readonly Uint8Array[] {
  if (request.kind !== 'classify') return [encodeMessage(request)];
  const { rgb, ...message } = request;
  return [encodeMessage(message, rgb.length), rgb];
}

/** @param pixels those that came behind the message; empty for a message without */
export function decodeRequest(message: Uint8Array, pixels: Uint8Array): ChildRequest {
  const request = deserialize(message);
  return request.kind === 'classify' ? { ...request, rgb: pixels } : request;
}

export const encodeReply = (reply: ChildReply): Uint8Array => encodeMessage(reply);

/**
 * Puts replies together from what arrives.
 * @throws RangeError | Error (the function) for what is none
 */
export function createReplyReader(onReply: (reply: ChildReply) => void): (chunk: Buffer) => void {
  let waiting: Buffer = Buffer.alloc(0);
  return (chunk) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    while (waiting.length >= HEADER_BYTES) {
      const { messageBytes } = readHeader(waiting);
      if (messageBytes > MAX_REPLY_BYTES) throw new RangeError(`a reply of ${messageBytes} bytes`);
      const end = HEADER_BYTES + messageBytes;
      if (waiting.length < end) return;
      const reply = deserialize(waiting.subarray(HEADER_BYTES, end));
      waiting = waiting.subarray(end);
      onReply(reply);
    }
  };
}

function encodeMessage(message: object, pixelBytes = 0): Buffer {
  const body = serialize(message);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(pixelBytes, 4);
  return Buffer.concat([header, body]);
}
