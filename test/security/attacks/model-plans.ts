import { Readable } from 'node:stream';
import type { Manifest } from '../../../shared/src/bundle/manifest.ts';
import { sha256Hex } from '../../../shared/src/kernel/digest.ts';
import { makeManifest } from '../../support/http-data.ts';
import { tinyBundle } from '../../support/tiny-bundle.ts';
import type { AttackPlan } from './attack.ts';
import type { HttpStage } from './http-stage.ts';

type Plan = AttackPlan<HttpStage>;
const REPORT = { decision: 'approve', report: 'Watched it for a day.' };

interface Reply {
  readonly status: number;
  readonly body: { readonly code?: string; readonly state?: string };
}

async function post({ world, cookie }: HttpStage, path: string, payload: object): Promise<Reply> {
  const reply = await world.app.inject({
    method: 'POST',
    url: `/api/v1/${path}`,
    headers: { cookie },
    payload,
  });
  return { status: reply.statusCode, body: reply.json() };
}

const push = async (stage: HttpStage, manifest: unknown, files: readonly Uint8Array[]): Promise<Reply> => {
  for (const file of files) await stage.world.blobs.put(sha256Hex(file), Readable.from([Buffer.from(file)]));
  return post(stage, 'bundles', { manifest });
};

const MODEL = Buffer.from('a model');
let names = 0;
const newModel = (): string => `attack-${++names}`;
const honestPush = async (stage: HttpStage): Promise<boolean> =>
  (await push(stage, makeManifest(MODEL, { model: newModel() }), [MODEL])).status === 200;

/** A file list as an archive would unpack it: out of the folder, over another file, or on to the end of the disk. */
const filesAs = (
  name: string,
  codes: readonly string[],
  edit: (file: Manifest['files'][number]) => readonly object[],
): Plan => ({
  name,
  isRefused: async (stage) => {
    const manifest = makeManifest(MODEL, { model: newModel() });
    const reply = await push(stage, { ...manifest, files: manifest.files.flatMap(edit) }, [MODEL]);
    if (reply.status === 200 || codes.includes(reply.body.code ?? '')) return reply.status !== 200;
    throw new Error(`HTTP ${reply.status} ${reply.body.code}`);
  },
  isTaken: honestPush,
});

const zipSlip = (path: string): Plan =>
  filesAs(`zip-slip: a bundle with the file ${JSON.stringify(path)}`, ['MANIFEST_INVALID'], (file) => [
    file,
    { ...file, path },
  ]);

/** What the model multiplies with: one number, which may lie in a file of its own. */
const WEIGHTS = new Uint8Array(Float32Array.of(0.02).buffer);

/** @returns the state the checks leave the version in; their report otherwise */
async function validate(stage: HttpStage, weightsAt?: string): Promise<{ model: string; outcome: string }> {
  const model = newModel();
  const { manifest, model: bytes } = tinyBundle({ model }, weightsAt === undefined ? {} : { weightsAt });
  const weights = { path: 'weights.bin', sha256: sha256Hex(WEIGHTS), sizeBytes: WEIGHTS.length };
  const pushed = await push(stage, { ...manifest, files: [...manifest.files, weights] }, [bytes, WEIGHTS]);
  if (pushed.status !== 200) throw new Error(`not pushed: ${pushed.body.code}`);
  const { body } = await post(stage, `models/${model}/versions/1.0.0/validate`, {});
  return { model, outcome: body.state === 'validated' ? body.state : JSON.stringify(body) };
}

const externalData = (path: string): Plan => ({
  name: `ONNX with external data outside of the bundle: ${path}`,
  isRefused: async (stage) => {
    const { outcome } = await validate(stage, path);
    if (outcome === 'validated') return false;
    if (/outside the bundle|not a file of the bundle/.test(outcome)) return true;
    throw new Error(outcome);
  },
  isTaken: async (stage) => (await validate(stage, 'weights.bin')).outcome === 'validated',
});

/** An operator alone brings a model to the cameras. */
const noCertificate: Plan = {
  name: 'a model is released that nobody certified, or that its author did',
  isRefused: async (stage) => {
    const { model } = await validate(stage);
    const path = `models/${model}/versions/1.0.0`;
    const codes = [await post(stage, `${path}/release`, {}), await post(stage, `${path}/certify`, REPORT)];
    return codes.every(
      ({ status, body }) =>
        status !== 200 && ['VERSION_STATE', 'CERTIFIER_IS_AUTHOR'].includes(body.code ?? ''),
    );
  },
  isTaken: async (stage) => {
    const { model } = await validate(stage);
    const qa = `qa-${model}`;
    await stage.world.addUser(qa, ['qa']);
    const path = `models/${model}/versions/1.0.0`;
    await post({ ...stage, cookie: await stage.world.login(qa) }, `${path}/certify`, REPORT);
    return (await post(stage, `${path}/release`, {})).body.state === 'released';
  },
};

export const MODEL_PLANS: readonly Plan[] = [
  ...['../x', 'a/../../x', '/etc/cron.d/x', 'a\\..\\x', 'a\0b', 'a//b', 'manifest.json', '.'].map(zipSlip),
  filesAs('one path twice in a bundle', ['MANIFEST_INVALID'], (file) => [
    file,
    { ...file, sha256: 'c'.repeat(64) },
  ]),
  filesAs(
    'bomb: a file of 2^60 bytes',
    ['MANIFEST_INVALID', 'BUNDLE_INCOMPLETE', 'REQUEST_INVALID'],
    (file) => [{ ...file, sizeBytes: 2 ** 60 }],
  ),
  filesAs('a file the server does not have', ['BUNDLE_INCOMPLETE'], (file) => [
    { ...file, sha256: 'c'.repeat(64) },
  ]),
  ...['../../../etc/passwd', '/etc/passwd', 'elsewhere.bin'].map(externalData),
  noCertificate,
];
