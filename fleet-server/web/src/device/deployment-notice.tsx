import type { DeviceView } from '../api/client.ts';
import { Ago } from '../shell/ago.tsx';
import { shortDigest } from '../shell/format.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import { DEPLOYMENT_WORDS } from '../shell/state-words.ts';
import classes from './deployment-notice.module.css';

type Deployment = NonNullable<DeviceView['deployment']>;

/** The newest deployment of the device, and how it stands. */
export function DeploymentNotice({ deployment }: { readonly deployment: Deployment }) {
  const word = DEPLOYMENT_WORDS[deployment.state];
  return (
    <section className={classes.notice} data-tone={word.tone} aria-label="Deployment">
      <span className={classes.name}>Deployment</span>
      <StateBadge word={word} />
      <span>
        {deployment.model}@{deployment.version}{' '}
        <code className={classes.digest}>{shortDigest(deployment.bundleDigest)}</code>
      </span>
      {deployment.reason && <code className={classes.reason}>{deployment.reason}</code>}
      {deployment.detail && <span className={classes.detail}>{deployment.detail}</span>}
      <span className={classes.when}>
        <Ago atMs={deployment.updatedAtMs} />
      </span>
    </section>
  );
}
