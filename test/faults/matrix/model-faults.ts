import { draftBundle } from '../../support/fault-bundles.ts';
import { type HostileModel, hostileEnv } from '../../support/fault-hostile.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import { tinyOnnx } from '../../support/tiny-onnx.ts';
import type { Aftermath, FaultPlan } from './fault.ts';

const SIDES = { dtype: 'uint8', layout: 'NHWC', width: 16, height: 12 } as const;
const NOT_KEPT = ['failure', 'rolled_back', 'rejected'];
/** Long enough for every gate to judge. */
const PROBATION = 'update.probation.minutes=0.1';

const DEEDS: Readonly<Record<HostileModel['deed'], string>> = {
  crash: 'ends its process in native code',
  hang: 'never returns',
  leak: 'takes 64 MB more with each picture',
  slow: 'takes 0.4 s longer',
  nan: 'gives numbers that are none',
};

/** Models that look sound to the server and are not; the box must not keep them. */
export function modelPlans(): readonly FaultPlan[] {
  const deeds = Object.entries(DEEDS) as [HostileModel['deed'], string][];
  return [
    {
      name: 'a graph that gives NaN for every picture',
      mount: (world) => deployGraph(world, tinyOnnx({ ...SIDES, factor: Number.NaN })),
    },
    {
      name: 'a graph that gives NaN for the pictures of these cameras',
      mount: (world) => deployGraph(world, tinyOnnx({ ...SIDES, logAbove: 60 })),
    },
    {
      name: 'a graph that is much slower than the one before',
      mount: (world) => deployGraph(world, tinyOnnx({ ...SIDES, ballast: { side: 700, products: 12 } })),
    },
    ...deeds.flatMap(([deed, what]) => [
      {
        name: `a model that ${what}, from its first picture on`,
        mount: (world: FaultWorld) => deployHostile(world, deed, 'every'),
      },
      {
        name: `a model that ${what}, once it sees the cameras`,
        mount: (world: FaultWorld) => deployHostile(world, deed, 'of cameras'),
      },
    ]),
  ];
}

async function deployGraph(world: FaultWorld, model: Uint8Array): Promise<Aftermath> {
  const bundle = await world.release(draftBundle(world.nextVersion(), model));
  await world.box().restart({ set: [PROBATION] });
  return { deploymentId: await world.deploy(bundle), ends: NOT_KEPT };
}

async function deployHostile(
  world: FaultWorld,
  deed: HostileModel['deed'],
  pictures: HostileModel['pictures'],
): Promise<Aftermath> {
  const version = world.nextVersion();
  const factor = 0.03 + Number(version.split('.')[1]) / 10_000;
  const bundle = await world.release(draftBundle(version, tinyOnnx({ ...SIDES, factor })));
  const env = hostileEnv({ digest: bundle.digest, deed, pictures });
  await world.box().restart({ env, set: [PROBATION] });
  return { deploymentId: await world.deploy(bundle), ends: NOT_KEPT };
}
