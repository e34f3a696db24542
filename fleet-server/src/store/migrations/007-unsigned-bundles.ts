import type { Kysely } from 'kysely';

/** Bundles carry no signatures of their own: TUF metadata name them. */
export async function unsignedBundles(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('bundles').dropColumn('signatures').execute();
}
