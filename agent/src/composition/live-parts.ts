import type { Component } from '@watchpost/shared/kernel/component.ts';
import { type BoxGovernor, createBoxGovernor } from '../attention/box-governor.ts';
import type { AgentConfig } from '../config/schema.ts';
import { createRenewable } from '../kernel/renewable.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { createFileHints } from '../telemetry/hints/file-hints.ts';
import { createMemoryHintWatch } from '../telemetry/hints/memory-hint-watch.ts';
import { createTelemetryReporter } from '../telemetry/telemetry-reporter.ts';
import { createHttpPictures } from '../uplink/http-pictures.ts';
import type { Uplink } from '../uplink/port.ts';
import type { Box } from './box.ts';
import { type BoxEvidence, createBoxEvidence } from './evidence.ts';

/** What can be set anew while the agent runs, beside the cameras. */
export interface LiveParts {
  /** In the order they start. */
  readonly telemetry: readonly Component[];
  readonly pictures: Component;
  readonly evidence: BoxEvidence;
  readonly governor: BoxGovernor;
  /** Those whose settings changed begin anew. */
  renew(config: AgentConfig): Promise<void>;
}

export function createLiveParts(box: Box, uplink: Uplink): LiveParts {
  const { config, gpu, telemetry: source, vitals, model, log } = box;
  const inference = () => {
    const digest = model.current()?.digest;
    const fpsSet = box.cameras.configs().reduce((sum, { fps }) => sum + fps, 0);
    return { ...vitals.read(), fpsSet, ...(digest !== undefined && { digest }) };
  };
  const fileHints = createFileHints({ dataDir: config.dataDir, log });
  const hints = createMemoryHintWatch(fileHints.save);
  const governor = createGovernor(box);
  const told = { inference, hints, slowed: () => governor.current() };
  const reporter = createRenewable('telemetry', config.telemetry, (pace) =>
    createTelemetryReporter({ source, uplink, ...pace, ...told, clock: systemClock, log }),
  );
  const pictures = createRenewable('pictures', picturesOf(config), ({ enabled, idleSec }) =>
    enabled && box.guard.verdict === 'normal' ? createPictures(box, idleSec) : undefined,
  );
  const evidence = createBoxEvidence(box);
  return {
    telemetry: [gpu, fileHints, reporter],
    ...{ pictures, evidence, governor },
    renew: async (wanted) => {
      governor.useSettings(wanted.governor);
      await reporter.renew(wanted.telemetry);
      await pictures.renew(picturesOf(wanted));
      await evidence.renew(wanted.evidence);
    },
  };
}

function createGovernor({ config, telemetry, vitals, model, log }: Box): BoxGovernor {
  return createBoxGovernor({
    settings: config.governor,
    telemetry,
    // While the process of the model is started again, frames wait for that, and not because there are too many.
    waitingSinceMs: () =>
      vitals.look().recoveringSinceMs === undefined ? model.waitingSinceMs() : undefined,
    answered: () => vitals.read().framesClassified,
    clock: systemClock,
    log,
  });
}

/** Other cameras are other pictures. */
const picturesOf = ({ pictures, cameras }: AgentConfig) => ({ ...pictures, cameras });

function createPictures({ cameras, config, identity, fetch, log }: Box, idleSec: number): Component {
  const { url: serverUrl } = config.server;
  // By its id: a camera that was restarted is another one.
  const sources = cameras.list().map(({ id }) => ({
    id,
    latestPicture: () =>
      cameras
        .list()
        .find((camera) => camera.id === id)
        ?.latestPicture(),
  }));
  return createHttpPictures({ sources, serverUrl, identity, idleSec, fetch, log });
}
