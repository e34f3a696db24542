import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpArtifacts } from '../../../agent/src/download/http-artifacts.ts';
import { createHttpMetadata } from '../../../agent/src/download/http-metadata.ts';
import { sha256Hex } from '../../../shared/src/kernel/digest.ts';
import { type AttackPlan, createFamily, isDone, isRefusedWith } from './attack.ts';
import { type SlowServer, startSlowServer } from './slow-server.ts';

interface NetworkWorld {
  readonly server: SlowServer;
  readonly folder: string;
  close(): Promise<void>;
}
type Plan = AttackPlan<NetworkWorld>;

async function openNetworkWorld(): Promise<NetworkWorld> {
  const server = await startSlowServer();
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-network-'));
  return {
    server,
    folder,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

const LONGEST_BYTES = 10_000;
const patience = () => AbortSignal.timeout(15_000);

function readMetadata({ server }: NetworkWorld, name: string): Promise<unknown> {
  const read = createHttpMetadata({
    serverUrl: server.url,
    authorization: 'x',
    stallMs: 80,
    documentMs: 300,
  });
  return read(name, LONGEST_BYTES, patience());
}

const metadata = (name: string, manner: string, code: string): Plan => ({
  name: `${name}: metadata`,
  isRefused: (world) => isRefusedWith([code], readMetadata(world, manner)),
  isTaken: (world) => isDone(readMetadata(world, 'honest')),
});

const artifactsOf = ({ server }: NetworkWorld, manner: string) =>
  createHttpArtifacts({
    serverUrl: `${server.url}/${manner}`,
    authorization: 'x',
    stallMs: 500,
    slowest: { minBytesPerSec: 100_000, windowMs: 200 },
  });

const manifest = (name: string, manner: string, codes: readonly string[]): Plan => ({
  name: `${name}: a manifest`,
  isRefused: (world) =>
    isRefusedWith(codes, artifactsOf(world, manner).fetchManifest('a'.repeat(64), patience())),
  isTaken: (world) => isDone(artifactsOf(world, 'honest').fetchManifest('a'.repeat(64), patience())),
});

let files = 0;
/** @returns where it would lie */
async function fetchFile(world: NetworkWorld, manner: string, file: { sha256: string; sizeBytes: number }) {
  const path = join(world.folder, `file-${++files}`);
  await artifactsOf(world, manner).fetchFile(file, path, patience());
  return path;
}

/** Neither the file nor more of it than was announced stays on the disk. */
async function isKeptSmall({ folder }: NetworkWorld): Promise<boolean> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.every((size) => size <= LONGEST_BYTES);
}

const artifact = (name: string, manner: string, code: string): Plan => ({
  name: `${name}: a file of a bundle`,
  isRefused: async (world) => {
    const file = { sha256: 'a'.repeat(64), sizeBytes: LONGEST_BYTES };
    return (await isRefusedWith([code], fetchFile(world, manner, file))) && (await isKeptSmall(world));
  },
  isTaken: (world) => isDone(fetchFile(world, 'honest', { sha256: sha256Hex('{}'), sizeBytes: 2 })),
});

/** A web server, or whoever stands in between, that answers without end or hardly at all. */
export const NETWORK_FAMILY = createFamily({
  name: 'network',
  open: openNetworkWorld,
  scope: 'shared',
  plans: [
    metadata('endless data', 'endless', 'TRUST_INVALID'),
    metadata('slow retrieval, nothing comes', 'stalled', 'DOWNLOAD_FAILED'),
    metadata('slow retrieval, it drips', 'dripping', 'DOWNLOAD_FAILED'),
    manifest('endless data', 'endless', ['BUNDLE_DIGEST_MISMATCH']),
    manifest('slow retrieval, nothing comes', 'stalled', ['DOWNLOAD_FAILED']),
    manifest('slow retrieval, it drips', 'dripping', ['DOWNLOAD_FAILED']),
    artifact('endless data', 'endless', 'BUNDLE_DIGEST_MISMATCH'),
    artifact('slow retrieval, nothing comes', 'stalled', 'DOWNLOAD_FAILED'),
    artifact('slow retrieval, it drips', 'dripping', 'DOWNLOAD_FAILED'),
  ],
});
