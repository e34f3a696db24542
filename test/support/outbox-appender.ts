/**
 * A program to be killed: appends rows for ever and writes one JSON line per commit, with the rows that could be
 * sent from then on. Usage: outbox-appender.ts <path> <round>
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openSqliteOutbox } from '../../agent/src/uplink/sqlite-outbox.ts';

const [path = '', round = ''] = process.argv.slice(2);
const outbox = openSqliteOutbox({
  path,
  maxBytes: 1024 * 1024,
  groupMs: 5,
  log: silentLogger,
  newEpoch: () => randomBytes(8).toString('hex'),
  wallMs: Date.now,
});

let readable = outbox.lastSeq('event');
outbox.onCommit(() => {
  const rows = outbox.peek('event', readable, 1000).map(({ seq, body }) => ({ seq, body }));
  readable = outbox.lastSeq('event');
  writeSync(1, `${JSON.stringify({ epoch: outbox.epoch, rows })}\n`);
  if (readable % 3 === 0) outbox.acknowledge('event', readable);
});

let count = 0;
setInterval(() => {
  const body = JSON.stringify({ round, count: count++ });
  const durability = count % 7 === 0 ? 'now' : 'group';
  outbox.append({ stream: 'event', topic: 'event', body, createdAtMs: Date.now() }, durability);
}, 1);
