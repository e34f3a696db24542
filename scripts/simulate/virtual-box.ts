import { judgeOrder, markOf, type OrderMark } from '@watchpost/agent/update/order-mark.ts';
import { computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { ActiveBundle } from '@watchpost/shared/messages/birth.ts';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { Receipt } from '@watchpost/shared/messages/durable.ts';
import type { TopicKind } from '@watchpost/shared/topics.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { composeBirth, composeEvent, composeTelemetry } from './box-messages.ts';
import {
  append,
  type BoxOutbox,
  beginFlight,
  EMPTY_OUTBOX,
  endFlight,
  type Row,
  reportOutbox,
  settle,
  takeDue,
} from './box-outbox.ts';
import { type ScriptStep, scriptDeployment } from './deployment-script.ts';
import { type BoxTraits, epochOf } from './population.ts';
import type { Scenario } from './scenario.ts';

/** As the real agent: 1 to 60 s, with full jitter; a connection that held for so long starts at the shortest again. */
const BACKOFF = { baseMs: 1000, maxMs: 60_000 };
const STABLE_MS = 30_000;
const NEVER = Number.POSITIVE_INFINITY;

interface Work {
  readonly order: Order;
  readonly target: ActiveBundle;
  readonly before: ActiveBundle | undefined;
  readonly steps: readonly ScriptStep[];
  readonly next: number;
}

/** What a restored disk would hold. */
interface Disk {
  readonly outbox: BoxOutbox;
  readonly epochNumber: number;
  readonly active: ActiveBundle | undefined;
  readonly mark?: OrderMark | undefined;
}

type Timer = 'open' | 'leave' | 'sample' | 'summary' | 'event' | 'step' | 'send' | 'restore';

/** A box as it stands; every input makes a new one of it. */
export interface VirtualBox extends Disk {
  readonly traits: BoxTraits;
  readonly link: 'down' | 'opening' | 'up';
  /** Until when it stays away once the connection is gone: it was switched off, or a storm keeps it. */
  readonly awayUntilMs: number;
  readonly attempt: number;
  readonly upSinceMs: number;
  readonly startedAtMs: number;
  readonly work?: Work | undefined;
  /** The last deployment and how far it came. */
  readonly told?: { readonly deploymentId: string; readonly state: DeploymentState } | undefined;
  readonly due: Readonly<Record<Timer, number>>;
}

export type BoxInput =
  | { readonly kind: 'tick' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** The network of the box goes away, and comes back within so long; undefined: as the agent's backoff has it. */
  | { readonly kind: 'storm'; readonly backWithinMs: number | undefined }
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  /** Read and found genuine. */
  | { readonly kind: 'order'; readonly order: Order };

/** What the host of the box does for it. */
export type BoxAct =
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  | {
      readonly kind: 'send';
      readonly topic: TopicKind;
      readonly camera?: string | undefined;
      readonly body: object;
    };

export interface BoxMoment {
  readonly nowMs: number;
  readonly random01: () => number;
  readonly scenario: Scenario;
}

export interface BoxTurn {
  readonly box: VirtualBox;
  readonly acts: readonly BoxAct[];
}

export function createBox(traits: BoxTraits, { nowMs, scenario, random01 }: BoxMoment): VirtualBox {
  const { network, restored } = scenario;
  const offMs = drawSpan(network.offSec, random01);
  const { startsOffline, rampMs, isRestored } = traits;
  return {
    traits,
    outbox: EMPTY_OUTBOX,
    epochNumber: 1,
    active: traits.initial,
    link: 'down',
    awayUntilMs: 0,
    attempt: 0,
    upSinceMs: 0,
    startedAtMs: nowMs,
    due: {
      open: nowMs + (startsOffline ? offMs : rampMs),
      leave: NEVER,
      sample: NEVER,
      summary: nowMs + firstWaitMs(scenario.telemetry.summarySec, random01),
      event: nowMs + drawSpan(scenario.telemetry.eventSec, random01),
      step: NEVER,
      send: NEVER,
      restore: isRestored ? nowMs + restored.atSec * 1000 : NEVER,
    },
  };
}

/** When the box wants its next tick; a step that needs the network waits for it. */
export function nextDueMs({ due, link, work }: VirtualBox): number {
  const isHeldUp = link !== 'up' && work?.steps[work.next]?.needsNetwork === true;
  return Math.min(
    due.open,
    due.leave,
    due.sample,
    due.summary,
    due.event,
    isHeldUp ? NEVER : due.step,
    due.send,
    due.restore,
  );
}

export function turnBox(box: VirtualBox, input: BoxInput, moment: BoxMoment): BoxTurn {
  const turn = new Turn(box, moment);
  turn.take(input);
  return { box: turn.box, acts: turn.acts };
}

/** An exponential draw; 0 means for ever. */
const drawSpan = (meanSec: number, random01: () => number): number =>
  meanSec === 0 ? NEVER : -Math.log(1 - random01()) * meanSec * 1000;
const firstWaitMs = (periodSec: number, random01: () => number): number =>
  periodSec === 0 ? NEVER : periodSec * 1000 * random01();

/** One input, from the box before to the box after. */
class Turn {
  box: VirtualBox;
  readonly acts: BoxAct[] = [];
  readonly #moment: BoxMoment;

  constructor(box: VirtualBox, moment: BoxMoment) {
    this.box = box;
    this.#moment = moment;
  }

  take(input: BoxInput): void {
    switch (input.kind) {
      case 'tick':
        this.#tick();
        break;
      case 'connected':
        this.#greet();
        break;
      case 'disconnected':
        this.#lose();
        break;
      case 'storm':
        this.#leave(input.backWithinMs === undefined ? 0 : input.backWithinMs * this.#moment.random01());
        break;
      case 'receipt':
        this.#settle(input.receipt);
        break;
      case 'order':
        this.#obey(input.order);
        break;
    }
    if (this.box.link === 'up') this.#sendDue();
  }

  #set(change: Partial<VirtualBox>): void {
    this.box = { ...this.box, ...change };
  }

  #plan(timer: Timer, atMs: number): void {
    this.#set({ due: { ...this.box.due, [timer]: atMs } });
  }

  #isDue(timer: Timer): boolean {
    return this.box.due[timer] <= this.#moment.nowMs;
  }

  #say(topic: TopicKind, body: object, camera?: string): void {
    if (this.box.link === 'up') this.acts.push({ kind: 'send', topic, body, camera });
  }

  #record(row: Omit<Row, 'seq' | 'madeAtMs'>): void {
    this.#set({ outbox: append(this.box.outbox, { ...row, madeAtMs: this.#moment.nowMs }) });
  }

  #tick(): void {
    if (this.#isDue('restore')) this.#restore();
    if (this.#isDue('leave'))
      this.#leave(drawSpan(this.#moment.scenario.network.offSec, this.#moment.random01));
    if (this.#isDue('open')) this.#open();
    if (this.#isDue('sample')) this.#sample();
    if (this.#isDue('summary')) this.#summarize();
    if (this.#isDue('event')) this.#see();
    if (this.#isDue('step')) this.#advance();
  }

  #open(): void {
    this.#plan('open', NEVER);
    this.#set({ link: 'opening' });
    this.acts.push({ kind: 'open' });
  }

  #greet(): void {
    const { nowMs, random01, scenario } = this.#moment;
    const { traits, epochNumber, startedAtMs, active, outbox } = this.box;
    this.#set({ link: 'up', upSinceMs: nowMs, outbox: beginFlight(outbox, nowMs) });
    this.#plan('leave', nowMs + drawSpan(scenario.network.onSec, random01));
    this.#plan('sample', nowMs + firstWaitMs(scenario.telemetry.liveSec, random01));
    const epoch = epochOf(traits.id, epochNumber);
    this.#say('birth', composeBirth(traits, { startedAtMs, active, epoch, lastSeq: outbox.lastSeq }));
    for (const { id } of traits.cameras)
      this.#say('cameraStatus', { tsMs: nowMs, condition: 'online', quality01: 1 }, id);
    this.#sayModel();
  }

  /** The connection is gone, or never came about. */
  #lose(): void {
    const { nowMs, random01 } = this.#moment;
    const { link, upSinceMs, attempt, awayUntilMs, outbox } = this.box;
    const wasStable = link === 'up' && nowMs - upSinceMs >= STABLE_MS;
    const tries = wasStable ? 0 : attempt;
    const pauseMs = computeBackoffMs(BACKOFF, tries, random01());
    this.#set({ link: 'down', attempt: tries + 1, outbox: endFlight(outbox), awayUntilMs: 0 });
    this.#plan('open', awayUntilMs > nowMs ? awayUntilMs : nowMs + pauseMs);
    for (const timer of ['leave', 'sample', 'send'] as const) this.#plan(timer, NEVER);
  }

  /** Gone for so long; 0: until the backoff has it back. */
  #leave(awayMs: number): void {
    this.#plan('leave', NEVER);
    if (this.box.link === 'down') return;
    this.#set({ awayUntilMs: awayMs === 0 ? 0 : this.#moment.nowMs + awayMs });
    this.acts.push({ kind: 'close' });
  }

  /** The disk is as it was when the simulation began, and the box starts from it. */
  #restore(): void {
    this.#plan('restore', NEVER);
    this.#plan('step', NEVER);
    const active = this.box.traits.initial;
    this.#set({
      outbox: EMPTY_OUTBOX,
      epochNumber: 1,
      active,
      mark: undefined,
      work: undefined,
      told: undefined,
    });
    this.#leave(0);
  }

  #sample(): void {
    const { nowMs, scenario, random01 } = this.#moment;
    this.#plan('sample', nowMs + scenario.telemetry.liveSec * 1000);
    this.#say('telemetry', composeTelemetry(this.box.traits, this.#sampleInput(0), random01));
  }

  #summarize(): void {
    const { nowMs, scenario, random01 } = this.#moment;
    const { summarySec } = scenario.telemetry;
    this.#plan('summary', nowMs + summarySec * 1000);
    this.#record({
      stream: 'telemetry',
      body: composeTelemetry(this.box.traits, this.#sampleInput(summarySec), random01),
    });
  }

  #sampleInput(windowSec: number) {
    const { nowMs } = this.#moment;
    const { startedAtMs, active, outbox } = this.box;
    return { nowMs, startedAtMs, windowSec, active, outbox: reportOutbox(outbox, nowMs) };
  }

  #see(): void {
    const { nowMs, scenario, random01 } = this.#moment;
    this.#plan('event', nowMs + drawSpan(scenario.telemetry.eventSec, random01));
    const { active, traits, outbox } = this.box;
    const camera = traits.cameras[0]?.id;
    if (active === undefined || camera === undefined) return;
    const id = `${traits.id}-${outbox.lastSeq.event + 1}`;
    this.#record({ stream: 'event', camera, body: composeEvent(id, nowMs, active, random01) });
  }

  #obey(order: Order): void {
    const { mark, work, active, traits } = this.box;
    if (judgeOrder(mark, order).kind !== 'fresh') return;
    this.#set({ mark: markOf(order) });
    if (work !== undefined) this.#abort(work);
    const [, model = '', version = ''] = order.target.split('/');
    const target: ActiveBundle = { model, version, digest: order.sha256, variant: 'fp32' };
    if (this.box.active?.digest === order.sha256) {
      this.#tell(order, { state: 'already_installed' });
      return;
    }
    const { nowMs, scenario } = this.#moment;
    const { type, softUntilMs } = order;
    const softMs = softUntilMs === undefined ? undefined : (softUntilMs - nowMs) / scenario.acceleration;
    const steps = scriptDeployment(traits, version, scenario, { before: active?.digest, type, softMs });
    this.#set({ work: { order, target, before: this.box.active, steps, next: 0 } });
    this.#planStep();
    this.#advance();
  }

  /** What was switched to goes back: the order that takes its place begins from what ran before. */
  #abort({ order, before }: Work): void {
    this.#tell(order, { state: 'aborted', reason: 'ORDER_SUPERSEDED' });
    this.#set({ work: undefined, active: before });
    this.#plan('step', NEVER);
  }

  #planStep(): void {
    const { work } = this.box;
    const step = work?.steps[work.next];
    this.#plan('step', step === undefined ? NEVER : this.#moment.nowMs + step.afterMs);
  }

  /** Takes every step that is due. */
  #advance(): void {
    while (this.#isDue('step')) {
      const { work, link } = this.box;
      const step = work?.steps[work.next];
      if (work === undefined || step === undefined) return;
      if (step.needsNetwork === true && link !== 'up') return;
      this.#takeStep(work, step);
    }
  }

  #takeStep(work: Work, step: ScriptStep): void {
    if (step.runs !== undefined) this.#set({ active: step.runs === 'new' ? work.target : work.before });
    this.#tell(work.order, step.tell);
    const isOver = work.next + 1 >= work.steps.length;
    this.#set({ work: isOver ? undefined : { ...work, next: work.next + 1 } });
    this.#planStep();
    if (isOver) this.#sayModel();
  }

  #tell({ deploymentId, sha256 }: Order, what: ScriptStep['tell']): void {
    const body: DeploymentBody = { deploymentId, tsMs: this.#moment.nowMs, bundleDigest: sha256, ...what };
    this.#set({ told: { deploymentId, state: what.state } });
    this.#record({ stream: 'deployment', body });
  }

  #sayModel(): void {
    const { active, told } = this.box;
    this.#say('reportedModel', {
      tsMs: this.#moment.nowMs,
      ...(active !== undefined && { active }),
      ...(told !== undefined && { deploymentId: told.deploymentId, deploymentState: told.state }),
    });
  }

  #settle(receipt: Receipt): void {
    const { traits, epochNumber, outbox } = this.box;
    if (receipt.epoch !== epochOf(traits.id, epochNumber)) return;
    const settled = settle(outbox, receipt, this.#moment.nowMs);
    if (settled !== undefined) {
      this.#set({ outbox: settled });
      return;
    }
    // As the agent: the old numbering would give numbers that the server already knows.
    this.#set({ epochNumber: epochNumber + 1 });
    if (this.box.link === 'up') this.#greet();
  }

  #sendDue(): void {
    const { outbox, sent, againMs } = takeDue(this.box.outbox, this.#moment.nowMs);
    this.#set({ outbox });
    this.#plan('send', againMs);
    const epoch = epochOf(this.box.traits.id, this.box.epochNumber);
    for (const { stream, seq, firstSeq, historical, camera, body } of sent)
      this.#say(TOPIC_OF[stream], { ...body, epoch, seq, firstSeq, historical }, camera);
  }
}

const TOPIC_OF = { event: 'cameraEvent', deployment: 'deployment', telemetry: 'telemetry' } as const;
