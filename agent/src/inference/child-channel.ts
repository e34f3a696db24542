import { readSync, writeSync } from 'node:fs';
import type { ChildReply, ChildRequest } from './child-messages.ts';
import { decodeRequest, encodeReply, HEADER_BYTES, readHeader } from './child-wire.ts';

/** The inference process's end of the channel to the agent. */
export interface ChildChannel {
  /**
   * Blocks until a request is there: there is nothing else to do, and the event loop would copy the pixels twice. They
   * lie in one buffer that the next request overwrites.
   * @returns undefined when the agent has gone
   */
  read(): ChildRequest | undefined;
  write(reply: ChildReply): void;
}

export function createChildChannel(fd: number): ChildChannel {
  const header = Buffer.alloc(HEADER_BYTES);
  let pixels = Buffer.alloc(0);
  return {
    read: () => {
      if (!fill(fd, header)) return undefined;
      const { messageBytes, pixelBytes } = readHeader(header);
      const message = Buffer.alloc(messageBytes);
      if (pixels.length !== pixelBytes) pixels = Buffer.alloc(pixelBytes);
      return fill(fd, message) && fill(fd, pixels) ? decodeRequest(message, pixels) : undefined;
    },
    write: (reply) => {
      const bytes = encodeReply(reply);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    },
  };
}

/** @returns false when the other end is closed */
function fill(fd: number, buffer: Buffer): boolean {
  for (let at = 0; at < buffer.length; ) {
    const count = readSome(fd, buffer, at);
    if (count === 0) return false;
    at += count;
  }
  return true;
}

function readSome(fd: number, buffer: Buffer, at: number): number {
  try {
    return readSync(fd, buffer, at, buffer.length - at, null);
  } catch (error) {
    // The agent was killed before it had read the last reply.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return 0;
    throw error;
  }
}
