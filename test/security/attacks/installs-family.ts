import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BundleFile } from '@watchpost/shared/bundle/manifest.ts';
import { contentOf, flipByte, makeBytes, type TestBundle } from '../../support/test-bundle.ts';
import { until } from '../../support/until.ts';
import { type AttackPlan, createFamily } from './attack.ts';
import { type BoxWorld, isDeployed, isStopped, openBoxWorld, release } from './box-world.ts';

type Plan = AttackPlan<BoxWorld>;
const isTaken = (world: BoxWorld): Promise<boolean> => isDeployed(world);
const SHORTLY_MS = 1_500;
const MODEL = 'model.onnx';

/** The web server, or a mirror, answers with something else than what was signed. */
const swapped = (
  name: string,
  reasons: readonly string[],
  swap: (world: BoxWorld, bundle: TestBundle) => void,
): Plan => ({
  name,
  isRefused: async (world) => {
    const bundle = await release(world);
    swap(world, bundle);
    return isStopped(world, await world.forge(bundle), reasons);
  },
  isTaken,
});

const artifactOf = (bundle: TestBundle): string => `artifacts/${contentOf(bundle, MODEL).sha256}`;
const manifestOf = ({ digest }: TestBundle): string => `bundles/${digest}/manifest`;

const SWAPPED: readonly Plan[] = [
  swapped(
    'wrong software: the server sends another file of the same length',
    ['BUNDLE_DIGEST_MISMATCH'],
    (world, bundle) => {
      world.artifacts.bodies.set(artifactOf(bundle), flipByte(contentOf(bundle, MODEL).bytes, 9));
    },
  ),
  swapped(
    'endless data: the file of the server is longer than what was signed',
    ['BUNDLE_DIGEST_MISMATCH'],
    (world, bundle) => {
      world.artifacts.bodies.set(artifactOf(bundle), makeBytes(3_000_000));
    },
  ),
  swapped(
    'wrong software: the server sends another manifest',
    ['BUNDLE_DIGEST_MISMATCH'],
    (world, bundle) => {
      world.artifacts.bodies.set(manifestOf(bundle), world.makeBundle().manifestBytes);
    },
  ),
  swapped('endless data: a manifest of 9 MB', ['BUNDLE_DIGEST_MISMATCH'], (world, bundle) => {
    world.artifacts.bodies.set(manifestOf(bundle), new Uint8Array(9 * 1024 * 1024));
  }),
];

/** Not an answer but a wait: the order runs out, and what ran runs on. */
const slow: Plan = {
  name: 'slow retrieval: the file never comes, until the order runs out',
  isRefused: async (world) => {
    const bundle = await release(world);
    const stalls = Array.from({ length: 200 }, () => ({ kind: 'stall', afterBytes: 10 }) as const);
    world.artifacts.break(artifactOf(bundle), ...stalls);
    const order = await world.forge(bundle, { expiresMs: Date.now() + SHORTLY_MS });
    return isStopped(world, order, ['DOWNLOAD_FAILED']);
  },
  isTaken: async (world) => {
    const bundle = await release(world);
    world.artifacts.break(artifactOf(bundle), { kind: 'stall', afterBytes: 10 });
    return isDeployed(world, bundle);
  },
};

/** Everybody signed it: the box still writes nothing out of its folder, and nothing without end. */
const hostileFiles = (
  name: string,
  reasons: readonly string[],
  makeExtra: (file: BundleFile) => BundleFile,
): Plan => ({
  name,
  isRefused: async (world) => {
    const { manifest, files } = world.makeBundle();
    const [first, ...others] = manifest.files;
    if (first === undefined) throw new Error('a bundle has files');
    const bundle = await release(world, {
      version: `${manifest.version}-hostile`,
      files: Object.fromEntries(files),
      manifest: { files: [first, ...others, makeExtra(first)] },
    });
    const order = await world.forge(bundle, { expiresMs: Date.now() + SHORTLY_MS });
    const isSafe = await isStopped(world, order, reasons);
    return isSafe && !(await readdir(dirname(world.dataDir))).some((entry) => entry.startsWith('escaped'));
  },
  isTaken,
});

const HOSTILE: readonly Plan[] = [
  ...['../../../escaped', '/tmp/watchpost-escaped', 'a/../../escaped', 'a\\..\\escaped', 'manifest.json'].map(
    (path) =>
      hostileFiles(
        `zip-slip: a signed bundle with the file ${JSON.stringify(path)}`,
        ['MANIFEST_INVALID'],
        (file) => ({
          ...file,
          path,
        }),
      ),
  ),
  hostileFiles('a signed bundle in which one path is a file and a folder', ['STORE_FAILED'], (file) => ({
    ...file,
    path: `${file.path}/inside`,
  })),
  hostileFiles('bomb: a signed bundle with a file of 2^50 bytes', ['DISK_FULL'], () => ({
    path: 'bomb',
    sha256: 'c'.repeat(64),
    sizeBytes: 2 ** 50,
  })),
  hostileFiles('unsafe integers: a signed bundle with a file of 2^60 bytes', ['MANIFEST_INVALID'], () => ({
    path: 'bomb',
    sha256: 'c'.repeat(64),
    sizeBytes: 2 ** 60,
  })),
];

/** The last file is held back by the server while somebody changes what came before it. */
const whileDownloading = (name: string, tamper: (path: string, world: BoxWorld) => Promise<void>): Plan => ({
  name,
  isRefused: async (world) => {
    const bundle = await release(world);
    const [first, second] = bundle.manifest.files;
    if (first === undefined || second === undefined) throw new Error('two files are needed');
    const object = join(world.dataDir, 'objects', first.sha256);
    world.artifacts.break(`artifacts/${second.sha256}`, { kind: 'stall', afterBytes: 1 });
    const ended = isDeployed(world, bundle);
    await until('the first file is there', () =>
      stat(object).then(
        () => true,
        () => false,
      ),
    );
    await tamper(object, world);
    // The box finds it and fetches the file again: what runs is what was signed.
    await ended;
    return isGenuine(world, bundle);
  },
  isTaken,
});

/** Every file was found to be what was signed; now one of them changes, before it is laid out and loaded. */
const swappedAtOnce: Plan = {
  name: 'swap after verification: a file changes between its check and its installation',
  isRefused: async (world) => {
    const bundle = await release(world);
    const object = join(world.dataDir, 'objects', contentOf(bundle, MODEL).sha256);
    const order = await world.forge(bundle);
    void world.box
      .reached(order.deploymentId, 'installing')
      .then(() => writeFileSync(object, makeBytes(40_000, 97)));
    return isStopped(world, order, ['BUNDLE_DIGEST_MISMATCH']);
  },
  isTaken,
};

/** What lies where the model is loaded from. */
async function isGenuine({ dataDir }: BoxWorld, bundle: TestBundle): Promise<boolean> {
  const [installed, { bytes }] = [
    await readFile(join(dataDir, 'bundles', bundle.digest, MODEL)),
    contentOf(bundle, MODEL),
  ];
  return installed.equals(bytes);
}

const LINK_TARGET = 'a file of somebody else';
const replacedByLink = async (object: string, { dataDir }: BoxWorld): Promise<void> => {
  const target = join(dataDir, `other-${randomBytes(4).toString('hex')}`);
  await writeFile(target, LINK_TARGET);
  await rm(object);
  await symlink(target, object);
};

const afterInstall = (name: string, tamper: (folder: string, bundle: TestBundle) => Promise<void>): Plan => ({
  name,
  isRefused: async (world) => {
    const [before, after] = [await release(world), await release(world)];
    await isDeployed(world, before);
    await isDeployed(world, after);
    await world.box.stop();
    await tamper(join(world.dataDir, 'bundles', after.digest), after);
    await world.box.restart();
    const loaded = await world.box.bundles.loadChampion();
    return loaded?.slot.digest === before.digest;
  },
  isTaken: async (world) => {
    const bundle = await release(world);
    await isDeployed(world, bundle);
    await world.box.restart();
    return (await world.box.bundles.loadChampion())?.slot.digest === bundle.digest;
  },
});

const TAMPERED: readonly Plan[] = [
  swappedAtOnce,
  whileDownloading('swap after verification: a file on the disk is written over', (object) =>
    writeFile(object, makeBytes(40_000, 99)),
  ),
  whileDownloading('swap after verification: a file on the disk becomes a symbolic link', replacedByLink),
  afterInstall('swap after installation: the model is written over, then the box restarts', (folder) =>
    writeFile(join(folder, MODEL), makeBytes(40_000, 98)),
  ),
  afterInstall('swap after installation: model and manifest are replaced', async (folder, bundle) => {
    await writeFile(join(folder, MODEL), 'evil');
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    const { sha256 } = contentOf(bundle, MODEL);
    await writeFile(join(folder, 'manifest.json'), text.replace(sha256, 'e'.repeat(64)));
  }),
  afterInstall('swap after installation: the model becomes a symbolic link', async (folder) => {
    const target = join(folder, 'beside');
    await mkdir(target, { recursive: true });
    await writeFile(join(target, MODEL), 'evil');
    await rm(join(folder, MODEL));
    await symlink(join(target, MODEL), join(folder, MODEL));
  }),
];

/** What lies between an order that is genuine and a model that runs. */
export const INSTALLS_FAMILY = createFamily({
  name: 'installs',
  open: openBoxWorld,
  scope: 'shared',
  plans: [...SWAPPED, slow, ...HOSTILE, ...TAMPERED],
});
