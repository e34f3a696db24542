// Loaded into the inference processes of a box (NODE_OPTIONS): the model whose digest is named does what is told, as a
// graph does that goes wrong with certain pictures. Any other model is left alone.

import { HOSTILE_VARIABLE, type HostileModel } from './fault-hostile.ts';
import { overhear } from './inference-requests.ts';

const LEAK_BYTES = 64 * 1024 * 1024;
const SLOW_MS = 400;

const HOARD: Buffer[] = [];
const DEEDS: Readonly<Record<HostileModel['deed'], () => void>> = {
  crash: () => process.abort(),
  hang: () => {
    for (;;);
  },
  leak: () => void HOARD.push(Buffer.alloc(LEAK_BYTES, 1)),
  slow: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW_MS),
  // What the process answers is changed instead.
  nan: () => undefined,
};

function haunt({ digest, deed, pictures }: HostileModel): void {
  let isIts = false;
  let isDue = false;
  overhear({
    onRequest: ({ kind, spec, rgb }) => {
      if (kind === 'load') isIts = spec?.path.includes(digest) === true;
      isDue = isIts && kind === 'classify' && (pictures === 'every' || isOfCameras(rgb));
      if (isDue) DEEDS[deed]();
    },
    changeReply: (reply) => (isDue && deed === 'nan' && reply.kind === 'classified' ? NOT_FINITE : reply),
  });
}

const NOT_FINITE = {
  kind: 'failed',
  code: 'MODEL_OUTPUT_INVALID',
  what: 'the output is not finite',
  cause: '',
};

/** They show one bright colour, as no golden frame and no warm-up does. */
function isOfCameras(rgb: Uint8Array): boolean {
  const sums = [0, 0, 0];
  rgb.forEach((value, index) => {
    sums[index % 3] = (sums[index % 3] ?? 0) + value;
  });
  const means = sums.map((sum) => (3 * sum) / rgb.length);
  return Math.max(...means) > 150 && Math.min(...means) < 90;
}

const told = process.env[HOSTILE_VARIABLE];
if (told !== undefined && process.argv[1]?.includes('inference-child'))
  haunt(JSON.parse(told) as HostileModel);
