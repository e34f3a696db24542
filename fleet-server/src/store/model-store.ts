import type {
  AliasChange,
  Certification,
  ModelTransition,
  ValidationView,
} from '@watchpost/shared/api/models.ts';
import type { Selectable } from 'kysely';
import { attempt } from './attempt.ts';
import type { ModelStore } from './port.ts';
import type { Db, ModelAliasRow, Tx } from './schema.ts';

export function createModelStore(db: Db): ModelStore {
  return {
    move: (digest, transition) =>
      attempt('move a model version', () => db.transaction().execute((tx) => move(tx, digest, transition))),
    settle: (digest, fact, transition) =>
      attempt('settle a model version', () =>
        db.transaction().execute(async (tx) => {
          await insertFact(tx, digest, fact);
          return transition === undefined || (await move(tx, digest, transition));
        }),
      ),
    transitions: (digest) => attempt('read the life of a model version', () => readTransitions(db, digest)),
    certifications: (digest) =>
      attempt('read the decisions on a model version', () => readCertifications(db, digest)),
    latestValidation: (digest) =>
      attempt('read a validation', async () => {
        const row = await db
          .selectFrom('model_validations')
          .select('body')
          .where('digest', '=', digest)
          .orderBy('row_id', 'desc')
          .limit(1)
          .executeTakeFirst();
        return row && (JSON.parse(row.body) as ValidationView);
      }),
    addAliasChange: (model, { alias, from, to, by, atMs }) =>
      attempt('move an alias', async () => {
        const row = { alias, from_version: from ?? null, to_version: to ?? null, actor: by, at_ms: atMs };
        await db
          .insertInto('model_alias_changes')
          .values({ model, ...row })
          .execute();
      }),
    aliasChanges: () =>
      attempt('list the aliases', async () => {
        const rows = await db.selectFrom('model_alias_changes').selectAll().orderBy('row_id').execute();
        return rows.map((row) => ({ model: row.model, change: toAliasChange(row) }));
      }),
  };
}

/** @returns false when the version has another state by now */
async function move(
  tx: Tx,
  digest: string,
  { from, to, by, reason, atMs }: ModelTransition,
): Promise<boolean> {
  const moved = await tx
    .updateTable('bundles')
    .set({ state: to, ...(to === 'released' && { released_at_ms: atMs }) })
    .where('digest', '=', digest)
    .where('state', '=', from)
    .executeTakeFirst();
  if (moved.numUpdatedRows === 0n) return false;
  await tx
    .insertInto('model_transitions')
    .values({ digest, from_state: from, to_state: to, actor: by, reason, at_ms: atMs })
    .execute();
  return true;
}

async function insertFact(tx: Tx, digest: string, fact: Certification | ValidationView): Promise<void> {
  if ('checks' in fact) {
    const row = { digest, body: JSON.stringify(fact), at_ms: fact.atMs };
    await tx.insertInto('model_validations').values(row).execute();
    return;
  }
  const { decision, report, by, atMs } = fact;
  await tx
    .insertInto('model_certifications')
    .values({ digest, decision, report, actor: by, at_ms: atMs })
    .execute();
}

async function readTransitions(db: Db, digest: string): Promise<readonly ModelTransition[]> {
  const rows = await db
    .selectFrom('model_transitions')
    .selectAll()
    .where('digest', '=', digest)
    .orderBy('row_id')
    .execute();
  return rows.map((row) => ({
    from: row.from_state,
    to: row.to_state,
    by: row.actor,
    reason: row.reason,
    atMs: row.at_ms,
  }));
}

async function readCertifications(db: Db, digest: string): Promise<readonly Certification[]> {
  const rows = await db
    .selectFrom('model_certifications')
    .selectAll()
    .where('digest', '=', digest)
    .orderBy('row_id')
    .execute();
  return rows.map(({ decision, report, actor, at_ms }) => ({ decision, report, by: actor, atMs: at_ms }));
}

const toAliasChange = (row: Selectable<ModelAliasRow>): AliasChange => ({
  alias: row.alias,
  ...(row.from_version !== null && { from: row.from_version }),
  ...(row.to_version !== null && { to: row.to_version }),
  by: row.actor,
  atMs: row.at_ms,
});
