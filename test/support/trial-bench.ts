import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { createFakeArtifactSource, type FakeArtifactSource } from './fake-artifact-source.ts';
import { makeBundle, makeBytes, type TestBundle } from './test-bundle.ts';
import { composeOrder, signOrder } from './test-order.ts';
import { createUpdatedBox, DIRECTOR, type UpdatedBox, type UpdatedBoxOptions } from './updated-box.ts';

export const [V1, V2, V3] = [1, 2, 3].map((seed) =>
  makeBundle({ version: `${seed}.0.0`, files: { 'model.onnx': makeBytes(20_000, seed) } }),
) as [TestBundle, TestBundle, TestBundle];

/** A box and three bundles it may be ordered to run. */
export interface TrialBench {
  readonly box: UpdatedBox;
  readonly dataDir: string;
  readonly source: FakeArtifactSource;
  /** The same box with other settings. */
  reopen(options: Partial<UpdatedBoxOptions>): Promise<void>;
  /** @returns the id of the deployment */
  order(bundle: TestBundle, overrides?: Partial<Order>): Promise<string>;
  /** Orders, and waits for the state. */
  deploy(bundle: TestBundle, state: string, overrides?: Partial<Order>): Promise<string>;
  lastOf(deploymentId: string): DeploymentBody | undefined;
  /** Now, and after a restart. */
  assertRuns(bundle: TestBundle): Promise<void>;
  /** Resolves when the step is begun; it does not end before it is told to. */
  hang(step: 'selfTest' | 'shadow', bundle: TestBundle): Promise<void>;
  /** Resolves when the probation has gone on for some seconds. */
  watching(seconds?: number): Promise<void>;
  close(): Promise<void>;
}

export async function openTrialBench(): Promise<TrialBench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-trial-'));
  const source = createFakeArtifactSource();
  const open = async (options: Partial<UpdatedBoxOptions> = {}): Promise<UpdatedBox> => {
    const opened = await createUpdatedBox({ dataDir, source, ...options });
    for (const bundle of [V1, V2, V3]) {
      source.publish(bundle);
      await opened.release(bundle);
    }
    return opened;
  };
  let box = await open();
  const order: TrialBench['order'] = async (bundle, overrides = {}) => {
    const composed = composeOrder(bundle, overrides);
    box.updater.onDesired({ order: await signOrder(composed, DIRECTOR.privateKey) });
    return composed.deploymentId;
  };
  return {
    get box() {
      return box;
    },
    dataDir,
    source,
    reopen: async (options) => {
      await box.stop();
      box = await open(options);
    },
    order,
    deploy: async (bundle, state, overrides) => {
      const id = await order(bundle, overrides);
      await box.reached(id, state);
      return id;
    },
    lastOf: (id) => box.changesOf(id).at(-1),
    assertRuns: async ({ digest }) => {
      assert.equal(box.running(), digest);
      await box.restart();
      assert.equal(box.running(), digest);
    },
    hang: (step, bundle) => {
      const begun = Promise.withResolvers<void>();
      box.trial.script({
        [step]: async ({ digest }: { digest: string }, signal: AbortSignal) => {
          if (digest !== bundle.digest) return undefined;
          begun.resolve();
          return untilAborted(signal);
        },
      });
      return begun.promise;
    },
    watching: (seconds = 3) => {
      const seen = Promise.withResolvers<void>();
      let left = seconds;
      box.vitals.onSecond(() => {
        if (box.updater.current()?.phase === 'probation') left -= 1;
        if (left === 0) seen.resolve();
      });
      return seen.promise;
    },
    close: async () => {
      await box.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}
