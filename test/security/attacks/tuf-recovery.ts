import { draftNext } from '../../../fleet-server/src/trust/drafts.ts';
import { signTuf } from '../../../fleet-server/src/trust/tuf-signing.ts';
import type { TargetsSigned } from '../../../shared/src/trust/tuf-metadata.ts';
import { signWith } from '../../support/tuf-ceremony.ts';
import {
  DAY_MS,
  damageFile,
  draftEvilModels,
  EVIL,
  GENUINE,
  listKept,
  serveForgery,
  type TrustWorld,
  targetsOf,
} from '../../support/tuf-world.ts';
import { type AttackPlan, isDone, isRefusedWith } from './attack.ts';
import { replaceOnlineKeys, revokeModels } from './tuf-rotation.ts';

type Plan = AttackPlan<TrustWorld>;
const NEXT = { ...GENUINE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64), releaseCounter: 4 };

/** The key of `models` was stolen and taken away: its new holder releases, the thief does not. */
const revokedKey: Plan = {
  name: 'delegation revoked: the old key of models signs on, online keys stolen',
  isRefused: async (world) => {
    await world.install();
    await revokeModels(world.ceremony);
    const evil = signWith(await draftEvilModels(world.ceremony), world.ceremony.ring.models);
    await serveForgery(world, { documents: { models: evil } });
    return isRefusedWith(['TRUST_INVALID'], world.install(EVIL));
  },
  isTaken: async (world) => {
    await world.install();
    const { ceremony } = world;
    const [key] = await revokeModels(ceremony);
    ceremony.bundles.set(NEXT.sha256, NEXT);
    await ceremony.repository.changeTarget({ kind: 'add', digest: NEXT.sha256 });
    if (key !== undefined) await ceremony.sign('models', [key]);
    return isDone(world.install(NEXT));
  },
};

const cachedDelegation: Plan = {
  name: 'delegation revoked: the models the box keeps of the old key are served again',
  isRefused: async (world) => {
    await world.install();
    const old = await world.mirror.capture();
    await revokeModels(world.ceremony);
    const models = old.get('2.models.json') ?? '';
    await serveForgery(world, { documents: { models } });
    return isRefusedWith(['TRUST_INVALID', 'TRUST_ROLLBACK'], world.install());
  },
  isTaken: async (world) => {
    await world.install();
    await revokeModels(world.ceremony);
    return isDone(world.install());
  },
};

const fastForward: Plan = {
  name: 'fast-forward by stolen online keys, told again after the keys were replaced',
  isRefused: async (world) => {
    const { answers } = world.mirror;
    await serveForgery(world, { snapshotVersion: 9e9, timestampVersion: 9e9 });
    await world.install();
    const forged = [...answers];
    await recover(world);
    for (const [name, body] of forged) answers.set(name, body);
    return isRefusedWith(['TRUST_INVALID'], world.install());
  },
  isTaken: async (world) => {
    await serveForgery(world, { snapshotVersion: 9e9, timestampVersion: 9e9 });
    await world.install();
    return isDone(recover(world));
  },
};

async function recover(world: TrustWorld): Promise<void> {
  world.mirror.answers.clear();
  await replaceOnlineKeys(world.ceremony);
  await world.install();
}

const longFreeze: Plan = {
  name: 'freeze for 100 days, online keys stolen: the offline signatures run out',
  isRefused: async (world) => {
    await world.install();
    await serveForgery(world, { expiresMs: Date.UTC(2099, 0) });
    world.clock.nowMs += 100 * DAY_MS;
    return isRefusedWith(['TRUST_EXPIRED'], world.install());
  },
  isTaken: async (world) => {
    const { ceremony } = world;
    await world.install();
    world.clock.nowMs += 100 * DAY_MS;
    ceremony.clock.nowMs = world.clock.nowMs;
    const { clock, ring } = ceremony;
    await ceremony.propose(
      'targets',
      draftNext('targets', await targetsOf(ceremony), clock.nowMs),
      ring.targets,
    );
    const models = (await ceremony.newest('models')) as TargetsSigned;
    await ceremony.propose('models', draftNext('models', models, clock.nowMs), ring.models);
    await ceremony.repository.refresh();
    return isDone(world.install());
  },
};

const damaged = (how: 'cut' | 'wipe' | 'noise', what: string): Plan => ({
  name: `rollback of everything, with the metadata of the box ${what}`,
  isRefused: async (world) => {
    await world.install();
    const old = await world.mirror.capture();
    await world.ceremony.release(NEXT);
    await world.install();
    for (const name of await listKept(world)) await damageFile(world, name, how);
    for (const [name, body] of old) world.mirror.answers.set(name, body);
    return isRefusedWith(['TRUST_ROLLBACK'], world.install());
  },
  isTaken: async (world) => {
    await world.install();
    for (const name of await listKept(world)) await damageFile(world, name, how);
    await world.ceremony.release(NEXT);
    return isDone(world.install(NEXT));
  },
});

const cutShort = (file: string): Plan => ({
  name: `${file} is cut short on its way`,
  isRefused: async (world) => {
    await world.install();
    await world.ceremony.release(NEXT);
    const name = [...(await world.mirror.capture()).keys()].find((each) => each.endsWith(file)) ?? file;
    const whole = (await world.ceremony.repository.readFile(name)) ?? '';
    world.mirror.answers.set(name, whole.slice(0, -40));
    return isRefusedWith(['TRUST_INVALID'], world.install(NEXT));
  },
  isTaken: async (world) => {
    await world.ceremony.release(NEXT);
    return isDone(world.install(NEXT));
  },
});

const withdrawn: Plan = {
  name: 'an order for a bundle that was withdrawn',
  isRefused: async (world) => {
    await world.install();
    await world.ceremony.repository.changeTarget({ kind: 'remove', target: GENUINE.target });
    await world.ceremony.sign('models', world.ceremony.ring.models);
    return isRefusedWith(['TARGET_UNKNOWN'], world.install());
  },
  isTaken: async (world) => {
    await world.ceremony.release(NEXT);
    await world.install(NEXT);
    return isDone(world.install());
  },
};

/** What the server must never publish, because boxes could not follow it or would follow it wrongly. */
const oneOfTwo: Plan = {
  name: 'one person of two signs targets twice at the server',
  isRefused: async ({ ceremony }) => {
    await stageTargets({ ceremony });
    const [one] = ceremony.ring.targets;
    if (one !== undefined) await ceremony.sign('targets', [one, one]);
    return (await targetsOf(ceremony)).version === 1;
  },
  isTaken: async ({ ceremony }) => {
    await stageTargets({ ceremony });
    await ceremony.sign('targets', ceremony.ring.targets.slice(0, 2));
    return (await targetsOf(ceremony)).version === 2;
  },
};

async function stageTargets({ ceremony }: Pick<TrustWorld, 'ceremony'>): Promise<void> {
  const signed = draftNext('targets', await targetsOf(ceremony), ceremony.clock.nowMs);
  await ceremony.repository.stage([{ role: 'targets', metadata: { signed, signatures: [] } }]);
}

const foreignSignature: Plan = {
  name: 'a foreign key signs what waits for signatures at the server',
  isRefused: async ({ ceremony }) => {
    await stageTargets({ ceremony });
    const [staged] = (await ceremony.repository.view()).staged;
    const [foreign] = ceremony.ring.agent;
    if (staged === undefined || foreign === undefined) throw new Error('nothing is staged');
    const signature = signTuf(staged.metadata.signed, foreign);
    return isRefusedWith(
      ['TRUST_REFUSED'],
      ceremony.repository.addSignature({ role: 'targets', version: staged.version, signature }),
    );
  },
  isTaken: oneOfTwo.isTaken,
};

const refusedAtServer = (
  name: string,
  edit: (models: TargetsSigned, facts: TargetsSigned['targets'][string]) => TargetsSigned,
): Plan => ({
  name,
  isRefused: async ({ ceremony }) => {
    const models = (await ceremony.newest('models')) as TargetsSigned;
    const [facts] = Object.values(models.targets);
    if (facts === undefined) throw new Error('models names nothing');
    const signed = edit(draftNext('models', models, ceremony.clock.nowMs), facts);
    return isRefusedWith(
      ['TRUST_REFUSED'],
      ceremony.repository.stage([{ role: 'models', metadata: { signed, signatures: [] } }]),
    );
  },
  isTaken: async (world) => {
    await world.ceremony.release(NEXT);
    return isDone(world.install(NEXT));
  },
});

export const RECOVERY_PLANS: readonly Plan[] = [
  revokedKey,
  cachedDelegation,
  fastForward,
  longFreeze,
  damaged('cut', 'cut short'),
  damaged('noise', 'written over'),
  cutShort('timestamp.json'),
  cutShort('snapshot.json'),
  cutShort('models.json'),
  withdrawn,
  oneOfTwo,
  foreignSignature,
  refusedAtServer('a released version gets other content at the server', (models, facts) => ({
    ...models,
    targets: { ...models.targets, [GENUINE.target]: { ...facts, hashes: { sha256: EVIL.sha256 } } },
  })),
  refusedAtServer('a target outside of its paths at the server', (models, facts) => ({
    ...models,
    targets: { ...models.targets, 'agent/linux/1.0.0': facts },
  })),
  refusedAtServer('a version beyond the safe integers at the server', (models) => ({
    ...models,
    version: Number.MAX_SAFE_INTEGER + 1,
  })),
];
