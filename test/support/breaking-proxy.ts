import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a client and a server over http, as a link that is lost does. */
export interface BreakingProxy {
  readonly url: string;
  /** The next answer with a body to a GET below `/api/v1/` whose path matches breaks off after its first byte. */
  break(path: RegExp): void;
  /** How many are still to break. */
  remaining(): number;
  close(): Promise<void>;
}

export async function startBreakingProxy(server: string): Promise<BreakingProxy> {
  const faults: RegExp[] = [];
  /** @returns whether this one breaks, which it does once */
  const takeFault = ({ method, url = '' }: IncomingMessage): boolean => {
    const found = faults.findIndex((path) => method === 'GET' && path.test(url.slice('/api/v1/'.length)));
    return found !== -1 && faults.splice(found, 1).length > 0;
  };
  const proxy = createServer((asked, answer) => {
    const { method, headers } = asked;
    const onward = request(new URL(asked.url ?? '', server), { method, headers }, (reply) => {
      const hasBody = reply.statusCode === 200;
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      if (hasBody && takeFault(asked)) breakOff(reply, answer);
      else reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    break: (path) => void faults.push(path),
    remaining: () => faults.length,
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function breakOff(reply: IncomingMessage, answer: ServerResponse): void {
  reply.once('data', (chunk: Buffer) => {
    reply.destroy();
    answer.write(chunk.subarray(0, 1), () => answer.destroy());
  });
}
