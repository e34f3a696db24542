import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type AllSigners, draftFirst } from '../../fleet-server/src/trust/drafts.ts';
import type { OnlineKeys, TargetFacts, TrustRepository } from '../../fleet-server/src/trust/port.ts';
import { createTrustRepository } from '../../fleet-server/src/trust/repository.ts';
import { signTuf, toTufKey } from '../../fleet-server/src/trust/tuf-signing.ts';
import {
  computeTufKeyId,
  type Envelope,
  OFFLINE_ROLES,
  type OfflineRole,
  type OfflineSigned,
  type OnlineRole,
  type TufSigned,
} from '../../shared/src/trust/tuf-metadata.ts';
import { createMemoryTrustStore } from './memory-trust-store.ts';

export const makeKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
export const makeKeys = (count: number): readonly KeyObject[] => Array.from({ length: count }, makeKey);
export const tufKeyId = (key: KeyObject): string => computeTufKeyId(toTufKey(key));

/** Private keys of every role: whoever has this is every signer at once. */
export type KeyRing = Record<OfflineRole | OnlineRole, readonly KeyObject[]>;
export type Thresholds = Readonly<Partial<Record<OfflineRole | OnlineRole, number>>>;

/** Two of three for root and targets, one key for every other role. */
export function makeKeyRing(): KeyRing {
  return {
    root: makeKeys(3),
    targets: makeKeys(3),
    models: makeKeys(1),
    agent: makeKeys(1),
    snapshot: makeKeys(1),
    timestamp: makeKeys(1),
  };
}
export const TWO_OF_THREE: Thresholds = { root: 2, targets: 2 };

export function toSigners(ring: KeyRing, thresholds: Thresholds = TWO_OF_THREE): AllSigners {
  const of = (role: OfflineRole | OnlineRole) => ({
    keys: ring[role].map(toTufKey),
    threshold: thresholds[role] ?? 1,
  });
  return {
    root: of('root'),
    targets: of('targets'),
    models: of('models'),
    agent: of('agent'),
    snapshot: of('snapshot'),
    timestamp: of('timestamp'),
  };
}

export function signWith<Signed extends TufSigned>(
  signed: Signed,
  keys: readonly KeyObject[],
): Envelope<Signed> {
  return { signed, signatures: keys.map((key) => signTuf(signed, key)) };
}

/** The online keys of a server, in memory. */
export function createMemoryOnlineKeys(ring: Pick<KeyRing, OnlineRole>): OnlineKeys {
  const held: Record<OnlineRole, KeyObject[]> = {
    snapshot: [...ring.snapshot],
    timestamp: [...ring.timestamp],
  };
  const find = (id: string) => [...held.snapshot, ...held.timestamp].find((key) => tufKeyId(key) === id);
  const name = (key: KeyObject) => ({ keyId: tufKeyId(key), key: toTufKey(key) });
  const make = async (role: OnlineRole) => {
    const key = makeKey();
    held[role].push(key);
    return name(key);
  };
  return {
    make,
    newest: async (role) => {
      const last = held[role].at(-1);
      return last === undefined ? make(role) : name(last);
    },
    has: (id) => find(id) !== undefined,
    sign: (signed, ids) =>
      signWith(
        signed,
        ids.map(find).filter((key) => key !== undefined),
      ),
  };
}

/** A real repository with its people: signs whatever is asked of it. */
export interface Ceremony {
  readonly ring: KeyRing;
  readonly repository: TrustRepository;
  readonly clock: { nowMs: number };
  /** What the registry would know. */
  readonly bundles: Map<string, TargetFacts>;
  /** Signs what is staged for the role with as many keys as given, one after the other. */
  sign(role: OfflineRole, keys: readonly KeyObject[]): Promise<void>;
  /** Stages and signs a new document with `keys`. */
  propose(role: OfflineRole, signed: OfflineSigned, keys: readonly KeyObject[]): Promise<void>;
  /** Puts a bundle into `models`, signed. */
  release(facts: TargetFacts): Promise<void>;
  newest(role: OfflineRole): Promise<OfflineSigned>;
  rootFile(version?: number): Promise<string>;
}

/** Holds the first ceremony: everything signed by as many as must. */
export async function holdCeremony(
  options: { readonly nowMs?: number; readonly thresholds?: Thresholds } = {},
): Promise<Ceremony> {
  const ring = makeKeyRing();
  const clock = { nowMs: options.nowMs ?? Date.now() };
  const bundles = new Map<string, TargetFacts>();
  const repository = createTrustRepository({
    store: createMemoryTrustStore(),
    keys: createMemoryOnlineKeys(ring),
    findTarget: async (digest) => bundles.get(digest),
    nowMs: () => clock.nowMs,
  });
  const sign: Ceremony['sign'] = async (role, keys) => {
    for (const key of keys) {
      const staged = (await repository.view()).staged.find((each) => each.role === role);
      if (staged === undefined) return;
      const signature = signTuf(staged.metadata.signed, key);
      await repository.addSignature({ role, version: staged.version, signature });
    }
  };
  const first = draftFirst(toSigners(ring, options.thresholds), clock.nowMs);
  await repository.stage(
    OFFLINE_ROLES.map((role) => ({ role, metadata: { signed: first[role], signatures: [] } })),
  );
  for (const role of OFFLINE_ROLES) await sign(role, ring[role]);
  const newest = async (role: OfflineRole): Promise<OfflineSigned> => {
    const version = (await repository.view()).roles.find((each) => each.role === role)?.version ?? 0;
    return JSON.parse((await repository.readFile(`${version}.${role}.json`)) ?? '{}').signed;
  };
  return {
    ring,
    repository,
    clock,
    bundles,
    sign,
    newest,
    propose: async (role, signed, keys) => {
      await repository.stage([{ role, metadata: { signed, signatures: [] } }]);
      await sign(role, keys);
    },
    release: async (facts) => {
      bundles.set(facts.sha256, facts);
      await repository.changeTarget({ kind: 'add', digest: facts.sha256 });
      await sign('models', ring.models);
    },
    rootFile: async (version = 1) => (await repository.readFile(`${version}.root.json`)) ?? '',
  };
}
