import { sql } from 'kysely';
import type { NumberedMessage } from './port.ts';
import type { Tx } from './schema.ts';
import { planStream, type StreamPlan, type StreamState } from './sequence.ts';

/** What a batch does to one (device, epoch, stream). */
export interface StreamCommit extends StreamPlan<NumberedMessage> {
  readonly deviceId: string;
  readonly epoch: string;
  readonly stream: NumberedMessage['stream'];
}

type StreamName = Pick<StreamCommit, 'deviceId' | 'epoch' | 'stream'>;

const keyOf = ({ deviceId, epoch, stream }: StreamName): string => `${deviceId}/${epoch}/${stream}`;
const nameOf = (message: NumberedMessage): StreamName => ({
  deviceId: message.deviceId,
  epoch: message.body.epoch,
  stream: message.stream,
});

/** Decides, against the stored cursors, what of the batch is new. */
export async function planBatch(tx: Tx, batch: readonly NumberedMessage[]): Promise<readonly StreamCommit[]> {
  const byStream = Map.groupBy(batch, (message) => keyOf(nameOf(message)));
  const states = await loadStates(
    tx,
    [...byStream.values()].flatMap(([first]) => (first === undefined ? [] : [nameOf(first)])),
  );
  return [...byStream].flatMap(([key, messages]) => {
    const [first] = messages;
    if (first === undefined) return [];
    const state = states.get(key) ?? { upTo: 0, pending: new Set() };
    return [{ ...nameOf(first), ...planStream(state, messages, ({ body }) => body) }];
  });
}

/** Of these streams alone: a device may have begun any number of epochs. */
async function loadStates(tx: Tx, names: readonly StreamName[]): Promise<ReadonlyMap<string, StreamState>> {
  const wanted = JSON.stringify(names.map(({ deviceId, epoch, stream }) => [deviceId, epoch, stream]));
  const isWanted = sql<boolean>`(device_id, epoch, stream) in
    (select value ->> 0, value ->> 1, value ->> 2 from json_each(${wanted}))`;
  const cursors = await tx.selectFrom('cursors').selectAll().where(isWanted).execute();
  const pending = await tx.selectFrom('pending_seqs').selectAll().where(isWanted).execute();
  const keyOfRow = (row: { device_id: string; epoch: string; stream: StreamName['stream'] }): string =>
    keyOf({ deviceId: row.device_id, epoch: row.epoch, stream: row.stream });
  const open = Map.groupBy(pending, keyOfRow);
  return new Map(
    cursors.map((row) => {
      const key = keyOfRow(row);
      return [key, { upTo: row.up_to, pending: new Set(open.get(key)?.map(({ seq }) => seq)) }];
    }),
  );
}

export async function saveCursors(tx: Tx, commits: readonly StreamCommit[]): Promise<void> {
  const columnsOf = ({ deviceId, epoch, stream }: StreamName) => ({ device_id: deviceId, epoch, stream });
  await tx
    .insertInto('cursors')
    .values(commits.map((commit) => ({ ...columnsOf(commit), up_to: commit.upTo })))
    .onConflict((conflict) =>
      conflict
        .columns(['device_id', 'epoch', 'stream'])
        .doUpdateSet(({ ref }) => ({ up_to: ref('excluded.up_to') })),
    )
    .execute();
  const opened = commits.flatMap((commit) => commit.opened.map((seq) => ({ ...columnsOf(commit), seq })));
  if (opened.length > 0) await tx.insertInto('pending_seqs').values(opened).execute();
  for (const commit of commits) {
    if (commit.closed.length === 0) continue;
    await tx
      .deleteFrom('pending_seqs')
      .where('device_id', '=', commit.deviceId)
      .where('epoch', '=', commit.epoch)
      .where('stream', '=', commit.stream)
      .where('seq', '<=', commit.upTo)
      .execute();
  }
}
