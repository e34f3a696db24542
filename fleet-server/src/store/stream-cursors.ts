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
  const states = await loadStates(tx, [...new Set(batch.map(({ deviceId }) => deviceId))]);
  const byStream = Map.groupBy(batch, (message) => keyOf(nameOf(message)));
  return [...byStream].flatMap(([key, messages]) => {
    const [first] = messages;
    if (first === undefined) return [];
    const state = states.get(key) ?? { upTo: 0, pending: new Set() };
    return [{ ...nameOf(first), ...planStream(state, messages, ({ body }) => body) }];
  });
}

async function loadStates(tx: Tx, deviceIds: readonly string[]): Promise<ReadonlyMap<string, StreamState>> {
  const cursors = await tx.selectFrom('cursors').selectAll().where('device_id', 'in', deviceIds).execute();
  const pending = await tx
    .selectFrom('pending_seqs')
    .selectAll()
    .where('device_id', 'in', deviceIds)
    .execute();
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
