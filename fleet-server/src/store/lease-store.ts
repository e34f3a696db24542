import { attempt } from './attempt.ts';
import type { LeaseStore } from './rollout-records.ts';
import type { Db } from './schema.ts';

export function createLeaseStore(db: Db): LeaseStore {
  return {
    take: (name, owner, atMs, lifeMs) =>
      attempt('take a lease', async () => {
        const row = { name, owner, expires_at_ms: atMs + lifeMs };
        const taken = await db
          .insertInto('leases')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .column('name')
              .doUpdateSet(row)
              // One that ends later than it can was taken by a clock that was wrong.
              .where(({ eb, or }) =>
                or([
                  eb('leases.owner', '=', owner),
                  eb('leases.expires_at_ms', '<=', atMs),
                  eb('leases.expires_at_ms', '>', atMs + lifeMs),
                ]),
              ),
          )
          .executeTakeFirst();
        return (taken.numInsertedOrUpdatedRows ?? 0n) > 0n;
      }),
    release: (name, owner) =>
      attempt('give a lease back', async () => {
        await db.deleteFrom('leases').where('name', '=', name).where('owner', '=', owner).execute();
      }),
  };
}
