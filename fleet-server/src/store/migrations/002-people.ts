import { type Kysely, sql } from 'kysely';

/** Users get roles, programs get tokens, and what people do is recorded. */
export async function people(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_entries')
    .addColumn('seq', 'integer', (column) => column.primaryKey())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await extendUsers(db);
  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('token_sha256', 'text', (column) => column.notNull().unique())
    .addColumn('user_name', 'text', (column) => column.notNull().references('users.name'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_used_at_ms', 'bigint')
    .execute();
}

/** The only user before this step was the first admin. */
async function extendUsers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('users')
    .addColumn('roles', 'text', (column) => column.notNull().defaultTo('["admin"]'))
    .execute();
  await db.schema
    .alterTable('users')
    .addColumn('disabled', 'integer', (column) => column.notNull().defaultTo(sql`0`))
    .execute();
  await db.schema
    .alterTable('users')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull().defaultTo(sql`0`))
    .execute();
}
