import type { Durable } from '@watchpost/shared/messages/durable.ts';
import { sql } from 'kysely';
import type { DurableMessage } from './port.ts';
import type { Tx } from './schema.ts';

type Stream = DurableMessage['stream'];

/** Where a stream is stored, and by what a message of it is found; each has an index. */
const LOOKUPS = {
  event: { table: 'events', column: sql`json_extract(held.body, '$.id')` },
  deployment: { table: 'deployment_changes', column: sql`held.deployment_id` },
  telemetry: { table: 'telemetry_summaries', column: sql`held.ts_ms` },
} as const;

/**
 * What is stored already under other numbers. A box whose outbox went back in time, or was in memory for a while, does
 * not know what the server has of its backlog; rather than lose it, the box sends it again under a new epoch.
 * @param messages none of them inserted yet, their cursors saved
 */
export async function findRepeated(
  tx: Tx,
  messages: readonly DurableMessage[],
): Promise<ReadonlySet<DurableMessage>> {
  const renumbered = await findRenumbered(tx, messages.filter(isBacklog));
  const suspects = messages.filter((message) => renumbered.has(streamOf(message)));
  if (suspects.length === 0) return new Set();
  const known = await loadContents(tx, suspects.filter(isBacklog));
  const repeated = new Set<DurableMessage>();
  for (const message of suspects) {
    const content = contentOf(message.deviceId, message.stream, message.body);
    if (isBacklog(message) && known.has(content)) repeated.add(message);
    known.add(content);
  }
  return repeated;
}

const isBacklog = ({ body }: DurableMessage): boolean => body.historical;
const streamOf = ({ deviceId, stream }: Pick<DurableMessage, 'deviceId' | 'stream'>): string =>
  `${deviceId}/${stream}`;

/** Streams that are numbered for the second time. */
async function findRenumbered(tx: Tx, messages: readonly DurableMessage[]): Promise<ReadonlySet<string>> {
  if (messages.length === 0) return new Set();
  const rows = await tx
    .selectFrom('cursors')
    .select(['device_id as deviceId', 'stream'])
    .where('device_id', 'in', [...new Set(messages.map(({ deviceId }) => deviceId))])
    .groupBy(['device_id', 'stream'])
    .having(({ fn }) => fn.countAll<number>(), '>', 1)
    .execute();
  return new Set(rows.map(streamOf));
}

/** @returns of what is stored all that may be one of `messages` */
async function loadContents(tx: Tx, messages: readonly DurableMessage[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (const [stream, wanted] of Map.groupBy(messages, (message) => message.stream)) {
    const { table, column } = LOOKUPS[stream];
    const keys = JSON.stringify(wanted.map((message) => [message.deviceId, keyOf(message)]));
    const { rows } = await sql<{ readonly device_id: string; readonly body: string }>`
      select held.device_id, held.body from json_each(${keys}) as wanted
        join ${sql.table(table)} as held
          on held.device_id = wanted.value ->> 0 and ${column} = wanted.value ->> 1`.execute(tx);
    for (const { device_id, body } of rows) {
      known.add(contentOf(device_id, stream, JSON.parse(body) as Durable));
    }
  }
  return known;
}

function keyOf(message: DurableMessage): string | number {
  if (message.stream === 'event') return message.body.id;
  return message.stream === 'deployment' ? message.body.deploymentId : message.body.tsMs;
}

/** Everything but the numbers: a body that is sent again has its members in the same order. */
function contentOf(deviceId: string, stream: Stream, body: Durable): string {
  const { epoch: _epoch, seq: _seq, firstSeq: _first, historical: _late, ...content } = body;
  return JSON.stringify([deviceId, stream, content]);
}
