import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { draftNext, draftRootWith, draftTargetsWith } from '../../fleet-server/src/trust/drafts.ts';
import type { TargetFacts } from '../../fleet-server/src/trust/port.ts';
import { toTufKey } from '../../fleet-server/src/trust/tuf-signing.ts';
import { canonicalJson } from '../../shared/src/kernel/canonical-json.ts';
import { formatExpires, type TargetsSigned } from '../../shared/src/trust/tuf-metadata.ts';
import { makeKey, makeKeys, signWith } from './tuf-ceremony.ts';
import {
  DAY_MS,
  draftEvilModels,
  EVIL,
  GENUINE,
  rootOf,
  serveForgery,
  serveRoot,
  type TrustWorld,
  targetsOf,
} from './tuf-world.ts';

/** One attack: what the attacker does after the box has checked honestly once. */
export interface TufAttack {
  readonly name: string;
  readonly mount: (world: TrustWorld) => Promise<unknown>;
  /** What the box is then ordered to install; by default the genuine bundle. */
  readonly orders?: TargetFacts;
  /** The code the box refuses with. */
  readonly refusedWith: string;
}

const replay = (pick: (name: string) => boolean) => async (world: TrustWorld) => {
  const old = await world.mirror.capture();
  await world.ceremony.release({ ...GENUINE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64) });
  await world.install();
  for (const [name, body] of old) if (pick(name)) world.mirror.answers.set(name, body);
};

const expired = (role: 'models' | 'targets') => async (world: TrustWorld) => {
  const { ceremony } = world;
  const document = draftNext(role, (await ceremony.newest(role)) as TargetsSigned, ceremony.clock.nowMs);
  const signed = { ...document, expires: formatExpires(Date.now() - DAY_MS) };
  await serveForgery(world, { documents: { [role]: signWith(signed, ceremony.ring[role]) } });
};

/** A text of a document in which numbers can stand that JSON.stringify cannot write. */
const unsafe = async (world: TrustWorld, version: string): Promise<void> => {
  const text = (await world.ceremony.repository.readFile('timestamp.json')) ?? '';
  world.mirror.answers.set(
    'timestamp.json',
    text.replace(/("version":)\d+\}(,"signatures)?/, `$1${version}}$2`),
  );
};

export const TUF_ATTACKS: readonly TufAttack[] = [
  {
    name: 'arbitrary installation: an order for a bundle nobody signed',
    mount: async () => undefined,
    orders: EVIL,
    refusedWith: 'TARGET_UNKNOWN',
  },
  {
    name: 'wrong software: a genuine name with other content',
    mount: async () => undefined,
    orders: { ...GENUINE, sha256: EVIL.sha256 },
    refusedWith: 'TARGET_MISMATCH',
  },
  {
    name: 'wrong software: a genuine bundle with another release counter',
    mount: async () => undefined,
    orders: { ...GENUINE, releaseCounter: 9 },
    refusedWith: 'TARGET_MISMATCH',
  },
  {
    name: 'models signed with a foreign key, online keys stolen',
    mount: async (world) => {
      const models = signWith(await draftEvilModels(world.ceremony), [makeKey()]);
      await serveForgery(world, { documents: { models } });
    },
    orders: EVIL,
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'models without a signature, online keys stolen',
    mount: async (world) => {
      await serveForgery(world, {
        documents: { models: signWith(await draftEvilModels(world.ceremony), []) },
      });
    },
    orders: EVIL,
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'targets below their threshold: one stolen key of three',
    mount: async (world) => {
      const { ceremony } = world;
      const evil = makeKey();
      const signers = { keys: [toTufKey(evil)], threshold: 1 };
      const targets = draftTargetsWith(await targetsOf(ceremony), 'models', signers, Date.now());
      await serveForgery(world, {
        documents: {
          targets: signWith(targets, ceremony.ring.targets.slice(0, 1)),
          models: signWith(await draftEvilModels(ceremony), [evil]),
        },
      });
    },
    orders: EVIL,
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'one stolen key of targets signs twice, under two ids',
    mount: async (world) => {
      const { ceremony } = world;
      const [stolen] = ceremony.ring.targets;
      if (stolen === undefined) return;
      const targets = draftNext('targets', await targetsOf(ceremony), Date.now());
      const once = signWith(targets, [stolen]);
      const twice = {
        ...once,
        signatures: once.signatures.flatMap((it) => [it, { ...it, keyid: 'd'.repeat(64) }]),
      };
      await serveForgery(world, { documents: { targets: twice } });
    },
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a root that gives one key two ids',
    mount: (world) =>
      serveRoot(
        world,
        (fresh, old) => [...fresh, ...old],
        (signed) => {
          const [id = ''] = signed.roles.timestamp.keyids;
          const key = signed.keys[id];
          const keys = key === undefined ? signed.keys : { ...signed.keys, ['c'.repeat(64)]: key };
          const timestamp = { keyids: [id, 'c'.repeat(64)], threshold: 1 };
          return { ...signed, keys, roles: { ...signed.roles, timestamp } };
        },
      ),
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'rollback of the timestamp',
    mount: replay((name) => name === 'timestamp.json'),
    refusedWith: 'TRUST_ROLLBACK',
  },
  {
    name: 'rollback of the snapshot, timestamp key stolen',
    mount: async (world) => {
      await replay(() => false)(world);
      await serveForgery(world, { snapshotVersion: 1 });
    },
    refusedWith: 'TRUST_ROLLBACK',
  },
  {
    name: 'rollback of models, online keys stolen',
    mount: async (world) => {
      const old = await world.mirror.capture();
      await replay(() => false)(world);
      const models = old.get('2.models.json');
      await serveForgery(world, { documents: models === undefined ? {} : { models } });
    },
    refusedWith: 'TRUST_ROLLBACK',
  },
  {
    name: 'rollback of targets, online keys stolen',
    mount: async (world) => {
      const { ceremony } = world;
      const old = await world.mirror.capture();
      await ceremony.propose(
        'targets',
        draftNext('targets', await targetsOf(ceremony), Date.now()),
        ceremony.ring.targets,
      );
      await world.install();
      const targets = old.get('1.targets.json');
      await serveForgery(world, { documents: targets === undefined ? {} : { targets } });
    },
    refusedWith: 'TRUST_ROLLBACK',
  },
  {
    name: 'rollback of everything, with the metadata of the box wiped',
    mount: async (world) => {
      await replay(() => true)(world);
      await rm(join(world.dataDir, 'tuf'), { recursive: true });
    },
    refusedWith: 'TRUST_ROLLBACK',
  },
  {
    name: 'rollback of the root: the new one is hidden from a box whose metadata were wiped',
    mount: async (world) => {
      const { ceremony } = world;
      const fresh = makeKeys(3);
      const signers = { keys: fresh.map(toTufKey), threshold: 2 };
      const root = draftRootWith(await rootOf(ceremony), 'root', signers, Date.now());
      await ceremony.propose('root', root, [...fresh, ...ceremony.ring.root]);
      await world.install();
      world.mirror.answers.set('2.root.json', null);
      await rm(join(world.dataDir, 'tuf'), { recursive: true });
    },
    refusedWith: 'TRUST_ROLLBACK',
  },
  {
    name: 'freeze of timestamp and snapshot: they expired',
    mount: (world) => serveForgery(world, { expiresMs: Date.now() - DAY_MS }),
    refusedWith: 'TRUST_EXPIRED',
  },
  {
    name: 'freeze: nothing new for 25 hours',
    mount: async ({ clock }) => {
      clock.nowMs += 25 * 3_600_000;
    },
    refusedWith: 'TRUST_EXPIRED',
  },
  { name: 'freeze of targets: they expired', mount: expired('targets'), refusedWith: 'TRUST_EXPIRED' },
  { name: 'freeze of models: they expired', mount: expired('models'), refusedWith: 'TRUST_EXPIRED' },
  {
    name: 'freeze of the root: it expired',
    mount: (world) =>
      serveRoot(
        world,
        (fresh, old) => [...fresh, ...old],
        (signed) => ({ ...signed, expires: formatExpires(Date.now() - DAY_MS) }),
      ),
    refusedWith: 'TRUST_EXPIRED',
  },
  {
    name: 'mix-and-match: models of one moment with the snapshot of another',
    mount: async (world) => {
      const { ceremony, mirror } = world;
      const evil = signWith(await draftEvilModels(ceremony), ceremony.ring.models);
      await ceremony.release({ ...GENUINE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64) });
      mirror.answers.set('3.models.json', canonicalJson(evil));
    },
    orders: EVIL,
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'extraneous: the agent role names a model, its key stolen',
    mount: async (world) => {
      const { ceremony } = world;
      const agent = draftNext('agent', (await ceremony.newest('agent')) as TargetsSigned, Date.now());
      const { targets } = await draftEvilModels(ceremony);
      await serveForgery(world, {
        documents: { agent: signWith({ ...agent, targets }, ceremony.ring.agent) },
      });
    },
    orders: EVIL,
    refusedWith: 'TARGET_UNKNOWN',
  },
  {
    name: 'models names a target outside of its paths, its key stolen',
    mount: async (world) => {
      const models = await draftEvilModels(world.ceremony, 'agent/linux/6.6.6');
      await serveForgery(world, { documents: { models: signWith(models, world.ceremony.ring.models) } });
    },
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'models delegates further, its key stolen',
    mount: async (world) => {
      const { ceremony } = world;
      const { delegations } = await targetsOf(ceremony);
      const models = await draftEvilModels(ceremony);
      const more = delegations === undefined ? models : { ...models, delegations };
      await serveForgery(world, { documents: { models: signWith(more, ceremony.ring.models) } });
    },
    orders: EVIL,
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a root signed by its new keys only',
    mount: (world) => serveRoot(world, (fresh) => fresh),
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a root signed by the old keys only',
    mount: (world) => serveRoot(world, (_fresh, old) => old),
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a root signed by one old key of three',
    mount: (world) => serveRoot(world, (fresh, old) => [...fresh, ...old.slice(0, 1)]),
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a root that skips a version',
    mount: (world) =>
      serveRoot(
        world,
        (fresh, old) => [...fresh, ...old],
        (signed) => ({ ...signed, version: 3 }),
      ).then(() => {
        const skipped = world.mirror.answers.get('3.root.json');
        if (typeof skipped === 'string') world.mirror.answers.set('2.root.json', skipped);
      }),
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a version beyond the safe integers',
    mount: async (world) => {
      await serveForgery(world, { timestampVersion: Number.MAX_SAFE_INTEGER + 1 });
    },
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'a version written over in a signed document',
    mount: (world) => unsafe(world, '9000000000'),
    refusedWith: 'TRUST_INVALID',
  },
  {
    name: 'the clock of the box says 1970: metadata that expired before its last check stay expired',
    mount: async (world) => {
      const later = Date.now() + 20 * 3_600_000;
      world.clock.nowMs = later;
      await world.install();
      world.clock.nowMs = 0;
      await serveForgery(world, { expiresMs: later - 3_600_000 });
    },
    refusedWith: 'TRUST_EXPIRED',
  },
  {
    name: 'the clock of the box says 2100',
    mount: async ({ clock }) => {
      clock.nowMs = Date.UTC(2100, 0);
    },
    refusedWith: 'TRUST_EXPIRED',
  },
  {
    name: 'the local root is replaced by one of the attacker',
    mount: async (world) => {
      await serveRoot(world, (fresh) => fresh);
      const forged = world.mirror.answers.get('2.root.json') ?? '';
      await writeFile(join(world.dataDir, 'tuf', 'root.json'), forged);
      await serveForgery(world, {
        documents: { models: signWith(await draftEvilModels(world.ceremony), [makeKey()]) },
      });
    },
    orders: EVIL,
    refusedWith: 'TRUST_INVALID',
  },
];
