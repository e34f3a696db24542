import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { installClock } from './fault-clock.ts';
import { installFileFaults } from './fault-files.ts';
import { type FaultOrder, type FaultReply, ORDERS_VARIABLE } from './fault-orders.ts';

// Loaded with `node --import` before a program that knows nothing of it: the disk and the wall clock below that
// program do what a test orders over the channel to its parent.

const files = await installFileFaults(import.meta.filename);
const setClock = installClock();

function obey(order: FaultOrder): void {
  if (order.kind === 'trace') files.trace(order.folder, order.file);
  if (order.kind === 'arm') files.arm(order.point, order.fault);
  if (order.kind === 'disarm') files.disarm();
  if (order.kind === 'clock') setClock(order.offsetMs, order.rate);
  if (order.kind === 'collect') collectGarbage();
}

/**
 * As it is done before memory runs out: pages that are free go back, which others do not do. Only contexts that are
 * made after the flag was set have the function.
 */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

const atStart = JSON.parse(process.env[ORDERS_VARIABLE] ?? '[]') as readonly FaultOrder[];
delete process.env[ORDERS_VARIABLE];
atStart.forEach(obey);

process.on('message', (order: FaultOrder) => {
  obey(order);
  const reply: FaultReply = { kind: 'ordered', struck: files.hasStruck() };
  process.send?.(reply);
});
// Whoever tests is gone: nothing is left behind.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The program ends when it has nothing to do, as without this.
process.channel?.unref();
