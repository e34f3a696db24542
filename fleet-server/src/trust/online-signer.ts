import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { TrustRepository } from './port.ts';

export interface OnlineSignerDeps {
  readonly repository: Pick<TrustRepository, 'refresh'>;
  /** Runs once, later; returns what cancels it. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly log: Logger;
}

const HOUR_MS = 3_600_000;
const AFTER_FAILURE_MS = 60_000;

/** Signs the timestamp again every hour: it holds for a day, so a day of failures goes unnoticed by no box. */
export function createOnlineSigner({ repository, schedule, log }: OnlineSignerDeps): Component {
  let cancel: () => void = () => undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  const sign = async (): Promise<void> => {
    const delayMs = await repository.refresh().then(
      () => HOUR_MS,
      (error: unknown) => {
        log.error({ error: describeError(error) }, 'timestamp not signed');
        return AFTER_FAILURE_MS;
      },
    );
    if (isStopped) return;
    cancel = schedule(delayMs, () => {
      running = sign();
    });
  };
  return {
    name: 'online signer',
    start: async () => {
      await sign();
    },
    stop: async () => {
      isStopped = true;
      cancel();
      await running;
    },
  };
}
