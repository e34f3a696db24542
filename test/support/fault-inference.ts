// Loaded into the inference processes of a box (NODE_OPTIONS): the model whose digest is named does what is told, as a
// graph does that goes wrong with certain pictures. Any other model is left alone.

import { HOSTILE_VARIABLE, type HostileModel } from './fault-hostile.ts';

interface Request {
  readonly kind: string;
  readonly spec?: { readonly path: string };
  readonly rgb?: Uint8Array;
}

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
  const act = DEEDS[deed];
  const send = process.send?.bind(process);
  const before = ({ kind, spec, rgb }: Request): void => {
    if (kind === 'load') isIts = spec?.path.includes(digest) === true;
    const isMeant = pictures === 'every' || isOfCameras(rgb ?? new Uint8Array());
    isDue = isIts && kind === 'classify' && isMeant;
    if (isDue) act();
  };
  // Not a listener of its own: whoever listens first is given what came before the program was there.
  const on = process.on.bind(process) as (
    event: string,
    listener: (...args: unknown[]) => void,
  ) => typeof process;
  process.on = ((event: string, listener: (...args: unknown[]) => void) =>
    on(event, (...args) => {
      if (event === 'message') before(args[0] as Request);
      listener(...args);
    })) as typeof process.on;
  if (deed !== 'nan') return;
  process.send = ((reply: { readonly kind: string }) => {
    const failed = {
      kind: 'failed',
      code: 'MODEL_OUTPUT_INVALID',
      what: 'the output is not finite',
      cause: '',
    };
    return send?.(isDue && reply.kind === 'classified' ? failed : reply) === true;
  }) as NonNullable<typeof process.send>;
}

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
