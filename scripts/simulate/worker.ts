import { parseDirectorKeys } from '@watchpost/agent/identity/file-identity.ts';
import { type BoxAccess, BoxHost } from './box-host.ts';
import { enrolBoxes } from './enrol-boxes.ts';
import { nameBox, secretOf } from './population.ts';
import type { WorkerOrder, WorkerReply } from './worker-messages.ts';

const COUNT_EVERY_MS = 200;

type Begin = Extract<WorkerOrder, { kind: 'begin' }>;
let host: BoxHost | undefined;

const reply = (message: WorkerReply): void => void process.send?.(message);

async function obey(order: WorkerOrder): Promise<void> {
  switch (order.kind) {
    case 'begin':
      host = new BoxHost(order.population, order.share.first, await admit(order));
      return reply({ kind: 'ready' });
    case 'start':
      host?.start();
      setInterval(() => host && reply({ kind: 'counters', counters: host.counters() }), COUNT_EVERY_MS);
      return;
    case 'storm':
      return host?.storm(order.backWithinMs);
    case 'summarize':
      return reply({ kind: 'summaries', boxes: host?.summaries() ?? [] });
  }
}

async function admit({ population, share, entry }: Begin): Promise<readonly BoxAccess[]> {
  if (entry.kind === 'enrol') return enrolBoxes(population, share, entry.access);
  const directorKeys = parseDirectorKeys(entry.directorKeysPem);
  return Array.from({ length: share.count }, (_, at) => {
    const secret = secretOf(nameBox(population, share.first + at), population.seed);
    return { brokerUrl: entry.brokerUrl, directorKeys, secret };
  });
}

process.on('message', (order: WorkerOrder) => {
  obey(order).catch((error: unknown) =>
    reply({ kind: 'failed', problem: error instanceof Error ? error.message : String(error) }),
  );
});
// Nobody is left to play for.
process.on('disconnect', () => process.exit(0));
// The parent stops this process; Ctrl-C in the terminal goes to the parent.
process.on('SIGINT', () => undefined);
