import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Clock } from '../kernel/clock.ts';
import { isOpen, PHASES, type Phase, toldState } from './phases.ts';
import type { BundleStore, DeploymentRecord, Why } from './port.ts';
import { addToQuarantine, isModelsFault, liftFromQuarantine, type Quarantine } from './quarantine.ts';

export type DeploymentId = Pick<DeploymentRecord, 'deploymentId' | 'digest'>;

/** What is told of a change beside the state. */
export interface Told {
  readonly reason?: string;
  readonly detail?: string;
  readonly findings?: DeploymentFindings;
}

export interface JournalDeps {
  readonly bundles: Pick<
    BundleStore,
    'readDeployment' | 'saveDeployment' | 'readQuarantine' | 'saveQuarantine'
  >;
  /** Tells the fleet of a change; the change is on disk when it returns. */
  readonly report: (change: DeploymentBody) => void;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
}

/** What an earlier phase found for those after it. */
export type Found = Partial<
  Pick<DeploymentRecord, 'choice' | 'baseline' | 'watched' | 'why' | 'softUntilMs'>
>;

/**
 * How far the deployment is, told and saved. What is in memory leads: a full disk may lag behind, and catches up with
 * the next change, or when nothing else is to be done.
 */
export class DeploymentJournal {
  readonly #deps: JournalDeps;
  #record: DeploymentRecord | undefined;
  #quarantine: Quarantine = [];
  #isRecordSaved = true;
  #isQuarantineSaved = true;

  constructor(deps: JournalDeps) {
    this.#deps = deps;
  }

  async load(): Promise<void> {
    const { bundles } = this.#deps;
    this.#record = await this.attempt('read the deployment', () => bundles.readDeployment());
    this.#quarantine = (await this.attempt('read the quarantine', () => bundles.readQuarantine())) ?? [];
  }

  record(): DeploymentRecord | undefined {
    return this.#record;
  }

  quarantine(): Quarantine {
    return this.#quarantine;
  }

  /** Told, then saved, then acted on: what a power cut in between repeats, the server knows already. */
  async enter(deployment: DeploymentId, phase: Phase, told: Told = {}, found: Found = {}): Promise<void> {
    const { deploymentId, digest } = deployment;
    const before = this.#record?.deploymentId === deploymentId ? this.#record : undefined;
    const [from, to] = [before === undefined ? 'pending' : toldState(before.phase), toldState(phase)];
    if (from !== to && advance(DEPLOYMENT_LIFECYCLE, from, to) === undefined) {
      throw new Error(`deployment ${deploymentId}: no way leads from ${from} to ${to}`);
    }
    this.#record = {
      ...before,
      ...found,
      deploymentId,
      digest,
      phase,
      trials: (before?.trials ?? 0) - trialsOf(before?.phase) + trialsOf(phase),
      transitions: (before?.transitions ?? 0) + 1,
    };
    this.#deps.log.info({ deploymentId, digest, phase, ...told }, 'deployment changed');
    if (from !== to) this.#report(this.#record, told);
    await this.#save();
  }

  /** The state stays and is told again, with what was found or what holds it up. */
  tell(told: Told): void {
    if (this.#record === undefined) return;
    this.#deps.log.info({ deploymentId: this.#record.deploymentId, ...told }, 'deployment goes on');
    this.#report(this.#record, told);
  }

  /** Saved, not told. */
  async note(change: Found & Partial<Pick<DeploymentRecord, 'trials' | 'transitions'>>): Promise<void> {
    if (this.#record === undefined) return;
    this.#record = { ...this.#record, ...change };
    await this.#save();
  }

  /** The bundle failed on this box, by its own fault or not. */
  async condemn({ deploymentId, digest }: DeploymentId, { reason, detail }: Why): Promise<void> {
    if (!isModelsFault(reason)) return;
    const atMs = this.#deps.clock.wallMs();
    this.#quarantine = addToQuarantine(this.#quarantine, {
      digest,
      code: reason,
      detail,
      deploymentId,
      atMs,
    });
    await this.#saveQuarantine();
  }

  async pardon(digest: string): Promise<void> {
    const rest = liftFromQuarantine(this.#quarantine, digest);
    if (rest.length === this.#quarantine.length) return;
    this.#quarantine = rest;
    await this.#saveQuarantine();
  }

  /** Whether the disk still lacks something of what is known here. */
  isBehind(): boolean {
    return !this.#isRecordSaved || !this.#isQuarantineSaved;
  }

  async catchUp(): Promise<void> {
    await this.#save();
  }

  /** For what the update can go on without; the disk may be full or failing. */
  async attempt<Result>(what: string, attempt: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#deps.log.warn({ what, code: error.code, error: describeError(error) }, 'could not be done');
      return undefined;
    }
  }

  #report({ deploymentId, digest, phase }: DeploymentRecord, told: Told): void {
    const { clock, report } = this.#deps;
    report({ deploymentId, tsMs: clock.wallMs(), state: toldState(phase), bundleDigest: digest, ...told });
  }

  async #save(): Promise<void> {
    const record = this.#record;
    if (record === undefined) return;
    const saved = await this.attempt('save the deployment', async () => {
      await this.#deps.bundles.saveDeployment(record);
      return true;
    });
    this.#isRecordSaved = saved === true;
    if (!this.#isQuarantineSaved) await this.#saveQuarantine();
  }

  async #saveQuarantine(): Promise<void> {
    const saved = await this.attempt('save the quarantine', async () => {
      await this.#deps.bundles.saveQuarantine(this.#quarantine);
      return true;
    });
    this.#isQuarantineSaved = saved === true;
  }
}

/** A trial counts from its begin to its end: what takes the agent down does not come to the end. */
export function trialsOf(phase: Phase | undefined): 0 | 1 {
  return phase !== undefined && isOpen(phase) && PHASES[phase].isTrial ? 1 : 0;
}
