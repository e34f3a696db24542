import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { PROVIDERS, type Provider } from '@watchpost/shared/bundle/providers.ts';
import { InferenceSettings } from '@watchpost/shared/config/settings.ts';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createProblemFinder } from '@watchpost/shared/kernel/parse.ts';
import { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import { checkGoldenFrames } from '../../agent/src/inference/golden.ts';
import { hasRuntime } from '../../agent/src/inference/local-runtime.ts';
import { createModelOpener, type ModelOpenerDeps } from '../../agent/src/inference/model-opener.ts';
import type {
  GoldenOutcome,
  HostedClassifier,
  InferenceHost,
  ModelSpec,
  ProviderProbe,
} from '../../agent/src/inference/port.ts';
import { createSelfTest } from '../../agent/src/inference/self-test.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { childPids } from '../support/child-processes.ts';
import { befriend, turnHostile } from '../support/hostile-inference.ts';
import { tinySpec } from '../support/tiny-spec.ts';
import { type VariantBundle, writeVariants } from '../support/variant-bundle.ts';

const RED = Uint8Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 200 : 10));
const real = createChildProcessHost({ log: silentLogger, random: () => 0 });
let folder = '';
let bundle: VariantBundle;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-providers-'));
  bundle = await writeVariants(folder, { fp32: {} });
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => assert.deepEqual(childPids(process.pid, 'inference-child'), [], 'no process is left'));

/** Whether this machine has one is found out; where it has none, what follows shows how that is told. */
test('what the runtime offers is tried for real, and what does not work is told with its reason', async (t) => {
  const probes = await real.probeProviders();
  for (const { provider, why = 'can be used' } of probes) t.diagnostic(`${provider}: ${why}`);
  assert.ok(probes.every(({ provider }) => provider !== 'cpu' && PROVIDERS.includes(provider)));
});

for (const accelerator of ['auto', ...PROVIDERS] as const)
  test(`a model that is to run on ${accelerator} classifies, whatever this machine has`, async (t) => {
    const classifier = await real.start({ ...tinySpec(folder), accelerator });
    const { executionProviders, setbacks = [] } = classifier;
    t.diagnostic(
      `runs on ${executionProviders}; ${setbacks.map(({ provider, why }) => `${provider}: ${why}`)}`,
    );
    assert.equal((await classifier.classify(RED)).label, 'red');
    assert.equal(executionProviders.at(-1), 'cpu');
    const [first] = executionProviders;
    if (accelerator !== 'auto' && first !== accelerator)
      assert.ok(setbacks.some(({ provider, why }) => provider === accelerator && why !== ''));
    await classifier.release();
  });

test('a driver that takes its process along leaves the model to the processor', async () => {
  turnHostile('abort on cuda');
  const classifier = await real.start({ ...tinySpec(folder), accelerator: 'cuda' });
  befriend();
  assert.deepEqual(classifier.executionProviders, ['cpu']);
  assert.match(classifier.setbacks?.[0]?.why ?? '', /SIGABRT/);
  assert.equal((await classifier.classify(RED)).label, 'red');
  await classifier.release();
});

/** A box with cards: the processor runs the models, which is not seen from outside. */
interface MadeUpBox {
  readonly probes: readonly ProviderProbe[];
  /** Those that take the model. */
  readonly takes?: readonly Provider[];
  readonly inferMs?: Readonly<Partial<Record<Provider, number>>>;
}

function hostOf({ probes, takes = [], inferMs = {} }: MadeUpBox): InferenceHost & { started: ModelSpec[] } {
  const started: ModelSpec[] = [];
  const start = async (spec: ModelSpec): Promise<HostedClassifier> => {
    started.push(spec);
    const { accelerator = 'cpu' } = spec;
    const runsOn = takes.find((provider) => provider === accelerator) ?? 'cpu';
    return {
      executionProviders: runsOn === 'cpu' ? ['cpu'] : [runsOn, 'cpu'],
      setbacks: runsOn === accelerator ? [] : [{ provider: accelerator as Provider, why: 'no card' }],
      classify: async () => ({
        ...{ label: 'red', labelIndex: 0, probability: 1, probabilities: [1, 0, 0] },
        inferMs: inferMs[runsOn] ?? 5,
      }),
      peakMemoryBytes: async () => 1,
      release: async () => undefined,
    };
  };
  return { started, start, probeProviders: async () => probes };
}

async function selfTest(box: MadeUpBox, accelerator: 'auto' | Provider): Promise<SelfTestFindings> {
  const test = createSelfTest({
    host: hostOf(box),
    checkGoldenFrames,
    readCpuFeatures: async () => new Set(),
    hasRuntime,
    clock: systemClock,
    log: silentLogger,
  });
  const settings = { spinning: false, maxMemoryBytes: 1e9, cores: 1, accelerator };
  const { findings } = await test(bundle, settings, new AbortController().signal);
  assert.deepEqual(createProblemFinder(SelfTestFindings)(findings), []);
  return findings;
}

const CARD: MadeUpBox = { probes: [{ provider: 'cuda' }], takes: ['cuda'] };

for (const [name, box, accelerator, chosen] of [
  ['a card that is faster is chosen', { ...CARD, inferMs: { cuda: 1 } }, 'auto', 'cuda'],
  ['a card that is slower is not', { ...CARD, inferMs: { cuda: 9 } }, 'auto', undefined],
  ['one that is asked for is chosen all the same', { ...CARD, inferMs: { cuda: 9 } }, 'cuda', 'cuda'],
  ['where the processor is asked for, no card is tried', { ...CARD, inferMs: { cuda: 1 } }, 'cpu', undefined],
  ['a card that does not take the model is not chosen', { ...CARD, takes: [] }, 'cuda', undefined],
  ['one that was never offered is not chosen', CARD, 'openvino', undefined],
  [
    'a library that is missing is no trial',
    { probes: [{ provider: 'cuda', why: 'gone' }] },
    'auto',
    undefined,
  ],
] as const)
  test(`self-test: ${name}`, async () => {
    const findings = await selfTest(box, accelerator);
    const provider = chosen === undefined ? {} : { provider: chosen };
    assert.deepEqual(findings.chosen, { variant: 'fp32', threads: 1, ...provider });
  });

test('the findings tell what cannot be used and why, and what failed on a card', async () => {
  const missing = await selfTest({ probes: [{ provider: 'cuda', why: 'no library' }] }, 'auto');
  assert.deepEqual(missing.unavailable, [{ provider: 'cuda', detail: 'no library' }]);
  assert.equal(missing.trials.length, 1);
  const unbuilt = await selfTest({ probes: [] }, 'openvino');
  assert.deepEqual(
    unbuilt.unavailable?.map(({ provider }) => provider),
    ['openvino'],
  );
  const refused = await selfTest({ ...CARD, takes: [] }, 'auto');
  assert.deepEqual(
    refused.trials.map(({ provider, outcome, detail }) => [provider, outcome, detail]),
    [
      [undefined, 'passed', undefined],
      ['cuda', 'failed', 'cuda does not take it: no card'],
    ],
  );
});

for (const spinning of [false, true])
  test(`trials and the champion run as they are told: spinning ${spinning}`, async () => {
    const host = hostOf(CARD);
    const run = createSelfTest({
      ...{ host, checkGoldenFrames, hasRuntime, clock: systemClock, log: silentLogger },
      readCpuFeatures: async () => new Set(),
    });
    const settings = { spinning, maxMemoryBytes: 1e9, cores: 2, accelerator: 'auto' } as const;
    await run(bundle, settings, new AbortController().signal);
    const champion = opener(CARD, { host, spinning });
    await champion.open({ variant: 'fp32', threads: 2 });
    assert.deepEqual(
      host.started.map(({ threads, accelerator, ...spec }) => [threads, accelerator, spec.spinning]),
      [
        [1, 'cpu', spinning],
        [2, 'cpu', spinning],
        [1, 'cuda', spinning],
        [2, 'cpu', spinning],
      ],
    );
  });

test('unless a person says otherwise, threads do not spin and the fastest provider is found out', () => {
  const { properties } = JSON.parse(JSON.stringify(InferenceSettings));
  assert.deepEqual([properties.spinning.default, properties.accelerator.default], [false, 'auto']);
});

const FAILED: GoldenOutcome = { kind: 'failed', file: 'a.png', expected: [1, 0, 0], found: [0, 1, 0] };

function opener(box: MadeUpBox, change: Partial<ModelOpenerDeps> = {}) {
  const host = hostOf(box);
  const warned: string[] = [];
  const log: Logger = { ...silentLogger, warn: (_facts, message) => void warned.push(message) };
  let proved = 0;
  const open = createModelOpener({
    ...{ host, log, spinning: false, accelerator: 'auto' },
    checkGoldenFrames: async () => {
      proved += 1;
      return { kind: 'passed', latencyMs: 1 };
    },
    ...change,
  });
  const at = { digest: 'd', ...bundle };
  return { host, warned, proofs: () => proved, open: open.bind(undefined, at) };
}

test('a model is opened where the self-test proved it, without a second proof', async () => {
  const { host, open, proofs, warned } = opener(CARD);
  const running = await open({ variant: 'fp32', threads: 1, provider: 'cuda' });
  assert.deepEqual(running.classifier.executionProviders, ['cuda', 'cpu']);
  assert.equal(running.provider, 'cuda');
  assert.deepEqual([host.started.length, proofs(), warned], [1, 0, []]);
});

test('a model nobody waits for any more is not loaded; once it is loaded, it stays', async () => {
  const open = createModelOpener({
    ...{ host: real, log: silentLogger, spinning: false, accelerator: 'auto', checkGoldenFrames },
  });
  const at = { digest: 'd', ...bundle };
  const [early, late] = [new AbortController(), new AbortController()];
  const given = open(at, { variant: 'fp32', threads: 1 }, early.signal);
  early.abort();
  await assert.rejects(given);
  const { classifier } = await open(at, { variant: 'fp32', threads: 1 }, late.signal);
  late.abort();
  assert.equal((await classifier.classify(RED)).label, 'red');
  await classifier.release();
});

test('when the card has gone, the golden frames prove the processor, and the reason is told', async () => {
  const { open, proofs, warned } = opener({ probes: [] });
  const running = await open({ variant: 'fp32', threads: 1, provider: 'cuda' });
  assert.deepEqual(running.classifier.executionProviders, ['cpu']);
  assert.deepEqual([proofs(), warned], [1, ['provider does not run the model']]);
});

test('a card that a person asks for and that gives other results is left to the processor', async () => {
  const { host, open, warned } = opener(CARD, {
    accelerator: 'cuda',
    checkGoldenFrames: async () => FAILED,
  });
  const running = await open({ variant: 'fp32', threads: 1 });
  assert.deepEqual(running.classifier.executionProviders, ['cpu']);
  assert.deepEqual(
    host.started.map(({ accelerator }) => accelerator),
    ['cuda', 'cpu'],
  );
  assert.equal(warned.length, 1);
});

test('when neither gives the right results, the model is refused', async () => {
  const { open } = opener({ probes: [] }, { checkGoldenFrames: async () => FAILED });
  await assert.rejects(open({ variant: 'fp32', threads: 1, provider: 'cuda' }), { code: 'SELFTEST_FAILED' });
});
