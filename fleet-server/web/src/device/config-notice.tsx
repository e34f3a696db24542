import type { DeviceView } from '../api/client.ts';
import { Ago } from '../shell/ago.tsx';
import { StateBadge } from '../shell/state-badge.tsx';
import type { Word } from '../shell/state-words.ts';
import classes from './config-notice.module.css';

type Config = NonNullable<DeviceView['config']>;
type Reported = NonNullable<Config['reported']>;

const WORDS: Readonly<Record<Reported['state'], Word>> = {
  applied: { text: 'Applied', tone: 'good' },
  pending_restart: { text: 'Waits for a restart', tone: 'busy' },
  rejected: { text: 'Rejected', tone: 'bad' },
  reverted: { text: 'Reverted', tone: 'bad' },
};
const ON_ITS_WAY: Word = { text: 'On its way', tone: 'busy' };

/** The settings the fleet gave the device, and how they stand; nothing while it has only its own. */
export function ConfigNotice({ config }: { readonly config: Config }) {
  const { desired, reported } = config;
  const version = desired?.version ?? reported?.version;
  if (version === undefined) return null;
  const told = reported?.version !== undefined && reported.version >= version ? reported : undefined;
  const word = told ? WORDS[told.state] : ON_ITS_WAY;
  return (
    <section className={classes.notice} data-tone={word.tone} aria-label="Settings">
      <h2>Settings</h2>
      <StateBadge word={word} />
      <span>version {told?.version ?? version}</span>
      {told && told.inForce !== told.version && (
        <span className={classes.dim}>
          in force: {told.inForce === undefined ? 'its own' : `version ${told.inForce}`}
        </span>
      )}
      {desired && (
        <span className={classes.when}>
          set by {desired.actor} <Ago atMs={desired.atMs} />
        </span>
      )}
      {told && <Problems reported={told} />}
    </section>
  );
}

function Problems({ reported: { reason, detail, restartNeeded } }: { readonly reported: Reported }) {
  return (
    <>
      {reason && (
        <p className={classes.reason}>
          <code>{reason}</code> {detail}
        </p>
      )}
      {restartNeeded.length > 0 && (
        <p className={classes.dim}>After a restart of the agent: {restartNeeded.join(', ')}</p>
      )}
    </>
  );
}
