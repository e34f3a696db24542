import type { CommandFile, CommandState } from '@watchpost/shared/api/commands.ts';
import type { ExpressionBuilder } from 'kysely';
import { attempt } from './attempt.ts';
import type { CommandRecord, CommandStore } from './port.ts';
import type { CommandRow, Db, Tables } from './schema.ts';

const OPEN: readonly CommandState[] = ['pending', 'sent'];
const isOpen = (where: ExpressionBuilder<Tables, 'commands'>) => where('state', 'in', OPEN);

export const createCommandStore = (db: Db): CommandStore => ({ ...createReads(db), ...createWrites(db) });

type Writes = 'add' | 'markSent' | 'setFile' | 'end';

function createReads(db: Db): Omit<CommandStore, Writes> {
  return {
    find: (id) =>
      attempt('find a command', async () => {
        const row = await db.selectFrom('commands').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : toRecord(row);
      }),
    list: (deviceId, limit) =>
      attempt('list the commands of a device', async () => {
        const rows = await ofDevice(db, deviceId).orderBy('counter', 'desc').limit(limit).execute();
        return rows.map(toRecord);
      }),
    listOpen: (deviceId) =>
      attempt('list the open commands of a device', async () => {
        const rows = await ofDevice(db, deviceId).where(isOpen).orderBy('counter').execute();
        return rows.map(toRecord);
      }),
    listWaiting: () =>
      attempt('list devices with open commands', async () => {
        const rows = await db.selectFrom('commands').select('device_id').distinct().where(isOpen).execute();
        return rows.map((row) => row.device_id);
      }),
    listDue: (atMs) =>
      attempt('list the commands that are over', async () => {
        const rows = await db
          .selectFrom('commands')
          .selectAll()
          .where(isOpen)
          .where('expires_at_ms', '<=', atMs)
          .execute();
        return rows.map(toRecord);
      }),
    nextExpiryMs: () =>
      attempt('look for the next command that is over', async () => {
        const { next } = await db
          .selectFrom('commands')
          .select(({ fn }) => fn.min('expires_at_ms').as('next'))
          .where(isOpen)
          .executeTakeFirstOrThrow();
        return next ?? undefined;
      }),
  };
}

function createWrites(db: Db): Pick<CommandStore, Writes> {
  return {
    add: (command, keep) => attempt('add a command', () => add(db, command, keep)),
    markSent: (id, atMs) =>
      attempt('mark a command sent', async () => {
        await db
          .updateTable('commands')
          .set({ state: 'sent', sent_at_ms: atMs })
          .where('id', '=', id)
          .where(isOpen)
          .execute();
      }),
    setFile: (id, file) =>
      attempt('note the file of a command', async () => {
        const [{ numUpdatedRows } = { numUpdatedRows: 0n }] = await db
          .updateTable('commands')
          .set({ file: JSON.stringify(file) })
          .where('id', '=', id)
          .where(isOpen)
          .execute();
        return numUpdatedRows > 0n;
      }),
    end: (id, ending) =>
      attempt('end a command', async () => {
        const { state, code = null, detail = null, result, endedAtMs } = ending;
        const row = await db
          .updateTable('commands')
          .set({
            ...{ state, code, detail, ended_at_ms: endedAtMs },
            result: result === undefined ? null : JSON.stringify(result),
          })
          .where('id', '=', id)
          .where(isOpen)
          .returningAll()
          .executeTakeFirst();
        return row === undefined ? undefined : toRecord(row);
      }),
  };
}

const ofDevice = (db: Db, deviceId: string) =>
  db.selectFrom('commands').selectAll().where('device_id', '=', deviceId);

async function add(db: Db, command: CommandRecord, keep: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('commands')
      .values({
        id: command.id,
        device_id: command.deviceId,
        name: command.name,
        args: JSON.stringify(command.args),
        counter: command.counter,
        state: command.state,
        actor: command.actor,
        created_at_ms: command.createdAtMs,
        expires_at_ms: command.expiresAtMs,
        ...{ sent_at_ms: null, ended_at_ms: null, code: null, detail: null, result: null, file: null },
      })
      .execute();
    const oldest = tx
      .selectFrom('commands')
      .select('counter')
      .where('device_id', '=', command.deviceId)
      .orderBy('counter', 'desc')
      .limit(1)
      .offset(keep);
    await tx
      .deleteFrom('commands')
      .where('device_id', '=', command.deviceId)
      .where('counter', '<=', oldest)
      .where('state', 'not in', OPEN)
      .execute();
  });
}

const toRecord = (row: CommandRow): CommandRecord => ({
  id: row.id,
  deviceId: row.device_id,
  name: row.name,
  args: JSON.parse(row.args) as CommandRecord['args'],
  counter: row.counter,
  state: row.state,
  actor: row.actor,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  ...(row.sent_at_ms !== null && { sentAtMs: row.sent_at_ms }),
  ...(row.ended_at_ms !== null && { endedAtMs: row.ended_at_ms }),
  ...(row.code !== null && { code: row.code }),
  ...(row.detail !== null && { detail: row.detail }),
  ...(row.result !== null && { result: JSON.parse(row.result) as Record<string, unknown> }),
  ...(row.file !== null && { file: JSON.parse(row.file) as CommandFile }),
});
