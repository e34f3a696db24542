import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { Birth } from '@watchpost/shared/messages/birth.ts';
import type { ClockState } from '@watchpost/shared/messages/durable.ts';
import { createMqttSession } from '../../agent/src/uplink/mqtt-session.ts';
import type { DurableBody, Outbox, UplinkComponent } from '../../agent/src/uplink/port.ts';
import { SEND_POLICY, type SendPolicy } from '../../agent/src/uplink/send-plan.ts';
import { openSqliteOutbox } from '../../agent/src/uplink/sqlite-outbox.ts';
import { createUplink } from '../../agent/src/uplink/uplink.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from './broker.ts';

/** Root of the topics of the box under test. */
export const BOX_ROOT = 'watchpost/v1/park/box-1';

export const BIRTH: Birth = {
  agentVersion: '0.1.0',
  startedAtMs: 1,
  hardware: { board: 'b', cpu: 'c', cores: 2, memoryBytes: 1, os: 'o', arch: 'x64', gpu: [] },
  executionProviders: ['cpu'],
  cameras: [],
  epoch: '0000000000000000',
  lastSeq: {},
};

export function makeEvent(id: string): DurableBody<'cameraEvent'> {
  return {
    id,
    type: 'new',
    label: 'cat',
    score: 0.9,
    tsMs: 1,
    votes: { label: 4, window: 5 },
    thresholds: { enter: 0.8, exit: 0.5 },
    bundleDigest: 'a'.repeat(64),
  };
}

export interface LogLine {
  readonly code?: string;
  readonly message: string;
}

export interface Box {
  readonly uplink: UplinkComponent;
  readonly outbox: Outbox;
  stop(): Promise<void>;
}

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Brokers and boxes with a real uplink, for the tests of one file; what a test has started ends with it. */
export class UplinkBench {
  lines: LogLine[] = [];
  readonly #cleanUps: (() => Promise<void>)[] = [];
  #folder = '';
  #onLine: (line: LogLine) => void = () => undefined;

  constructor() {
    beforeEach(() => {
      this.#folder = mkdtempSync(join(tmpdir(), 'watchpost-uplink-'));
      this.lines = [];
    });
    afterEach(async () => {
      for (const cleanUp of this.#cleanUps.splice(0).reverse()) await cleanUp();
      rmSync(this.#folder, { recursive: true });
    });
  }

  cleanUpWith(cleanUp: () => Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  async runBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const broker = await startBroker(options);
    const kill = once(() => broker.kill());
    this.cleanUpWith(kill);
    return { ...broker, kill };
  }

  /** A box on the outbox of this test: the next one goes on where the one before stopped. */
  async startBox(
    brokerUrl: string,
    policy: Partial<SendPolicy> = {},
    clockState?: () => ClockState,
  ): Promise<Box> {
    const identity = { deviceId: 'box-1', fleet: 'park', brokerUrl, secret: 's3cret' };
    const log = this.#createLog();
    const backoff = { baseMs: 20, maxMs: 100 };
    const session = createMqttSession({
      identity,
      clock,
      random01: Math.random,
      log,
      backoff,
      farewellMs: 200,
    });
    const outbox = openSqliteOutbox({
      path: join(this.#folder, 'outbox.db'),
      maxBytes: 1e7,
      groupMs: 5,
      log,
      newEpoch: () => randomBytes(8).toString('hex'),
      wallMs: clock.wallMs,
    });
    const sendPolicy = { ...SEND_POLICY, ratePerSec: 10_000, ...policy };
    const birth = () => BIRTH;
    const uplink = createUplink({
      identity,
      outbox,
      session,
      birth,
      clock,
      log,
      policy: sendPolicy,
      ...(clockState && { clockState }),
    });
    await uplink.start(new AbortController().signal);
    const stop = once(async () => {
      await uplink.stop();
      outbox.close();
    });
    this.cleanUpWith(stop);
    return { uplink, outbox, stop };
  }

  codes(): readonly (string | undefined)[] {
    return this.lines.map((line) => line.code);
  }

  async waitForLine(fits: (line: LogLine) => boolean): Promise<void> {
    if (this.lines.some(fits)) return;
    await new Promise<void>((resolve) => {
      this.#onLine = (line) => fits(line) && resolve();
    });
  }

  #createLog(): Logger {
    const write = (facts: object, message: string): void => {
      const line = { ...facts, message };
      this.lines.push(line);
      this.#onLine(line);
    };
    const log: Logger = { ...silentLogger, info: write, warn: write, error: write, child: () => log };
    return log;
  }
}

/** Receipts come a moment after the rows were stored. */
export async function waitUntilEmpty(outbox: Outbox): Promise<void> {
  while (outbox.report(0).rows > 0) await new Promise((resolve) => setImmediate(resolve));
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
