import { writeFileSync } from 'node:fs';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { AGENT_ERRORS, type AgentErrorCode } from '../kernel/errors.ts';
import { createChildChannel } from './child-channel.ts';
import type { ChildReply, ChildRequest } from './child-messages.ts';
import { CHANNEL_FD } from './child-wire.ts';
import { localRuntime, probeProviders } from './local-runtime.ts';
import type { Classifier } from './port.ts';

// The inference process. It lives as long as the channel to the agent: an interrupt at a terminal reaches the whole
// group, and the agent still wants to stop in order.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

/** When memory runs out, the system ends this process before the agent and before what else the box runs. */
const OOM_SCORE_ADJ = 800;
try {
  writeFileSync('/proc/self/oom_score_adj', String(OOM_SCORE_ADJ));
} catch {
  // Not Linux, or /proc is read-only: the system then chooses by size alone.
}

let classifier: Classifier | undefined;

async function answer(request: ChildRequest): Promise<ChildReply> {
  switch (request.kind) {
    case 'load':
      classifier = await localRuntime.load(request.spec);
      return describeLoaded(classifier);
    case 'probe':
      return { kind: 'probed', providers: await probeProviders() };
    case 'classify':
      return { kind: 'classified', prediction: await loaded().classify(request.rgb) };
    case 'release':
      await classifier?.release();
      return { kind: 'released' };
  }
}

const describeLoaded = ({ executionProviders, setbacks = [] }: Classifier): ChildReply => ({
  kind: 'loaded',
  executionProviders,
  setbacks,
});

function loaded(): Classifier {
  if (classifier === undefined) throw new Error('classify before load');
  return classifier;
}

/** Coded errors travel; anything else is a bug and ends the process, which the agent sees as a crash. */
function describeFailure(error: unknown): ChildReply {
  if (!isAppError(error) || !isAgentCode(error.code)) throw error;
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return { kind: 'failed', code: error.code, what: error.message, cause };
}

const isAgentCode = (code: string): code is AgentErrorCode => Object.hasOwn(AGENT_ERRORS, code);

const channel = createChildChannel(CHANNEL_FD);
for (let request = channel.read(); request !== undefined; request = channel.read())
  channel.write(await answer(request).catch(describeFailure));
process.exit(0);
