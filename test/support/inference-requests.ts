// For programs that are loaded into an inference process before its own: they hear of what it reads and says, and cannot
// be told from a model or a runtime that does what they do.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import v8 from 'node:v8';

export interface OverheardRequest {
  readonly kind: string;
  readonly spec?: { readonly path: string; readonly graphs?: object; readonly accelerator?: string };
  /** Pixels that came with it. */
  readonly rgb: Uint8Array;
}

export interface Overhearing {
  /** Called with each request before the process sees it. */
  onRequest(request: OverheardRequest): void;
  /** What is said in place of a reply. */
  changeReply?(reply: { readonly kind: string }): object;
}

/** Pixels come behind the message they belong to; the process decodes it when both are there. */
export function overhear({ onRequest, changeReply = (reply) => reply }: Overhearing): void {
  const { deserialize, serialize } = v8;
  const readSync = fs.readSync as (fd: number, buffer: Uint8Array, ...rest: unknown[]) => number;
  let lastRead: Uint8Array = new Uint8Array();
  fs.readSync = ((fd: number, buffer: Uint8Array, ...rest: unknown[]) => {
    lastRead = buffer;
    return readSync(fd, buffer, ...rest);
  }) as typeof fs.readSync;
  v8.deserialize = (message) => {
    const request = deserialize(message);
    onRequest({ ...request, rgb: lastRead });
    return request;
  };
  v8.serialize = (reply) => serialize(changeReply(reply as { readonly kind: string }));
  syncBuiltinESMExports();
}
