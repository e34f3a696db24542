import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { Manifest } from '../../shared/src/bundle/manifest.ts';
import { fleetctl } from './fleetctl.ts';
import { makeManifest } from './http-data.ts';
import { tinyOnnx } from './tiny-onnx.ts';

/** A bundle as its author has it. */
export interface DraftBundle {
  readonly manifest: Manifest;
  readonly files: readonly (readonly [path: string, content: Uint8Array])[];
}

/** A bundle boxes may install. */
export interface ReleasedBundle {
  readonly version: string;
  readonly digest: string;
}

/** How fleetctl reaches a server, and what a person needs to release and sign. */
export interface Publisher {
  /** What boxes are given as `trust.rootFile`. */
  readonly rootFile: string;
  release(bundle: DraftBundle): Promise<ReleasedBundle>;
  /** A one-time token for a new box. */
  makeToken(): Promise<string>;
}

/** A download in many pieces, of which the box makes sure on the way. */
const BALLAST_BYTES = 5 * 1024 * 1024;
const SIDES = { width: 16, height: 12 } as const;
/** Quick to decide, so that a second of flowing frames shows as an event. */
const DECISION: Manifest['decision'] = {
  window: 3,
  enter: 0.6,
  exit: 0.4,
  minVotes: 2,
  minDwellSec: 0,
  cooldownSec: 0,
  rejectBelow: 0.5,
  background: [],
};

/** Names the colour of a picture; another `factor` makes another model that says the same. */
export function draftColours(version: string, factor: number): DraftBundle {
  return draftBundle(version, tinyOnnx({ dtype: 'uint8', layout: 'NHWC', ...SIDES, factor }), {
    ballast: Buffer.alloc(BALLAST_BYTES, version),
  });
}

/** A bundle of any model with the input and the labels of the colours. */
export function draftBundle(
  version: string,
  model: Uint8Array,
  { ballast, ...change }: Partial<Manifest> & { readonly ballast?: Uint8Array } = {},
): DraftBundle {
  const labels = ['red', 'green', 'blue'];
  const manifest = makeManifest(model, {
    model: 'colours',
    version,
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', ...SIDES, channels: 'RGB' },
    output: { name: 'output', activation: 'probabilities', labels, temperature: 1 },
    decision: DECISION,
    ...change,
  });
  const files = [
    ['model.onnx', model] as const,
    ...(ballast === undefined ? [] : [['ballast.bin', ballast] as const]),
  ];
  const listed = files.map(([path, bytes]) => ({ path, sha256: sha256Hex(bytes), sizeBytes: bytes.length }));
  return { manifest: { ...manifest, files: listed }, files };
}

/** Holds the ceremony of a fleet: one key for each role. */
export async function openPublisher(
  folder: string,
  access: Readonly<Record<string, string>>,
): Promise<Publisher> {
  const keys = join(folder, 'trust');
  const ask = (args: readonly string[], env = access): Promise<string> => ctl(args, env);
  const single = ['root', 'targets'].flatMap((role) => [`--${role}-keys`, '1', `--${role}-threshold`, '1']);
  await ask(['keys', 'init', '--out', keys, ...single]);
  const passwordFile = join(folder, 'quality-password');
  await writeFile(passwordFile, 'a password nobody else has');
  await ask(['user', 'add', 'quality', '--role', 'qa', '--new-password-file', passwordFile]);
  const asQuality = { ...access, WATCHPOST_USER: 'quality', WATCHPOST_PASSWORD_FILE: passwordFile };
  const report = join(folder, 'report.txt');
  await writeFile(report, 'Released for a test of faults.');
  return {
    rootFile: join(keys, '1.root.json'),
    release: async ({ manifest, files }) => {
      const name = `${manifest.model}@${manifest.version}`;
      const bundle = join(folder, 'bundles', manifest.version);
      await mkdir(bundle, { recursive: true });
      for (const [path, content] of files) await writeFile(join(bundle, path), content);
      await writeFile(join(bundle, 'manifest.json'), canonicalJson(manifest));
      await ask(['model', 'push', bundle]);
      await ask(['model', 'validate', name]);
      await ask(['model', 'certify', name, '--decision', 'approve', '--report', report], asQuality);
      await ask(['model', 'release', name]);
      await ask(['sign', 'models', '--key', join(keys, 'models-1.key')]);
      return { version: manifest.version, digest: sha256Hex(canonicalJson(manifest)) };
    },
    makeToken: async () => (JSON.parse(await ask(['token', 'create', '--json'])) as { token: string }).token,
  };
}

async function ctl(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { status, out, error } = await fleetctl(args, env);
  if (status !== 0) throw new Error(`fleetctl ${args.slice(0, 3).join(' ')}: ${error}`);
  return out;
}
