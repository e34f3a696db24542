import type { DeploymentHistory, DeviceView } from '../api/client.ts';
import { modelName } from '../fleet/select-devices.ts';
import { Ago } from '../shell/ago.tsx';
import { formatDateTime, formatElapsed, formatMs, shortDigest } from '../shell/format.ts';
import { StateBadge, StateDot } from '../shell/state-badge.tsx';
import { DEPLOYMENT_WORDS, type Word } from '../shell/state-words.ts';
import classes from './model-update.module.css';
import { listFacts } from './update-facts.ts';
import { UpdateNumbers } from './update-numbers.tsx';
import {
  findFindings,
  listSteps,
  type StepState,
  type UpdateStep,
  type UpdateStepName,
} from './update-steps.ts';
import { useDeployment } from './use-deployment.ts';

type Deployment = NonNullable<DeviceView['deployment']>;

const STEP_NAMES: Readonly<Record<UpdateStepName, string>> = {
  download: 'Download',
  self_test: 'Self-test',
  shadow: 'Shadow',
  switch: 'Switch',
  probation: 'Probation',
};

const STEP_WORDS: Readonly<Record<StepState, Word>> = {
  waiting: { text: 'to come', tone: 'off' },
  running: { text: 'under way', tone: 'busy' },
  done: { text: 'done', tone: 'good' },
  failed: { text: 'failed', tone: 'bad' },
  skipped: { text: 'not done', tone: 'off' },
};

/** The newest deployment of the device: how far it is, and what each step found. */
export function ModelUpdate({ device }: { readonly device: DeviceView }) {
  const history = useDeployment(device);
  const { deployment } = device;
  if (!deployment) return null;
  const { tone } = DEPLOYMENT_WORDS[deployment.state];
  return (
    <section className={classes.panel} data-tone={tone} aria-labelledby="update-title">
      <UpdateHeader deployment={deployment} />
      {tone === 'bad' && <Reason device={device} deployment={deployment} history={history} />}
      {history && <Steps history={history} />}
      {history && <UpdateNumbers changes={history.changes} />}
    </section>
  );
}

function UpdateHeader({ deployment }: { readonly deployment: Deployment }) {
  return (
    <header className={classes.title}>
      <h2 id="update-title">Model update</h2>
      <StateBadge word={DEPLOYMENT_WORDS[deployment.state]} />
      <span>
        {modelName(deployment)} <code className={classes.digest}>{shortDigest(deployment.bundleDigest)}</code>
      </span>
      <span className={classes.when}>
        <Ago atMs={deployment.updatedAtMs} />
      </span>
    </header>
  );
}

interface ReasonProps {
  readonly device: DeviceView;
  readonly deployment: Deployment;
  readonly history: DeploymentHistory | undefined;
}

/** Why the model that was ordered is not the one that runs. */
function Reason({ device: { activeBundle }, deployment, history }: ReasonProps) {
  const rollback = history && findFindings(history.changes, 'rollback');
  return (
    <p className={classes.reason}>
      {deployment.reason && <code>{deployment.reason}</code>}
      {deployment.detail && <span>{deployment.detail}</span>}
      {rollback && <span>rolled back in {formatMs(rollback.tookMs)}</span>}
      <span className={classes.dim}>
        {activeBundle ? `${modelName(activeBundle)} runs` : 'no model runs'}
      </span>
    </p>
  );
}

function Steps({ history }: { readonly history: DeploymentHistory }) {
  return (
    <ol className={classes.steps}>
      {listSteps(history).map((step) => (
        <Step key={step.name} step={step} />
      ))}
    </ol>
  );
}

function Step({ step }: { readonly step: UpdateStep }) {
  const word = STEP_WORDS[step.state];
  return (
    <li
      className={classes.step}
      data-state={step.state}
      aria-label={`${STEP_NAMES[step.name]}: ${word.text}`}
    >
      <div className={classes.head}>
        <StateDot word={word} />
        <span className={classes.name}>{STEP_NAMES[step.name]}</span>
        <StepTime step={step} />
      </div>
      <ul className={classes.facts}>
        {step.findings ? (
          listFacts(step.findings).map((fact) => <li key={fact}>{fact}</li>)
        ) : (
          <li className={classes.dim}>{word.text}</li>
        )}
      </ul>
    </li>
  );
}

function StepTime({ step: { state, beganMs, endedMs } }: { readonly step: UpdateStep }) {
  if (state === 'running' && beganMs !== undefined) return <Ago atMs={beganMs} form="duration" />;
  if (endedMs === undefined || beganMs === undefined) return null;
  return (
    <time dateTime={new Date(endedMs).toISOString()} title={`until ${formatDateTime(endedMs)}`}>
      {formatElapsed(endedMs - beganMs)}
    </time>
  );
}
