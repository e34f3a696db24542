import { CopyButton, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DeviceView } from '../api/client.ts';
import { Ago } from '../shell/ago.tsx';
import { formatBytes, formatDateTime, shortDigest } from '../shell/format.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import { ADMISSION_WORDS, CONNECTION_WORDS } from '../shell/state-words.ts';
import classes from './device-header.module.css';

interface DeviceProps {
  readonly device: DeviceView;
}

export function DeviceHeader({ device }: DeviceProps) {
  return (
    <header className={classes.header}>
      <div className={classes.title}>
        <h1>{device.id}</h1>
        <StateBadge word={CONNECTION_WORDS[device.connection]} />
        {device.state !== 'accepted' && <StateBadge word={ADMISSION_WORDS[device.state]} />}
        {device.telemetry?.clock.synced === false && (
          <StateBadge word={{ text: 'Clock not synchronised', tone: 'warn' }} />
        )}
        <span className={classes.seen}>
          last seen {device.lastSeenMs === undefined ? 'never' : <Ago atMs={device.lastSeenMs} />}
        </span>
      </div>
      <dl className={classes.facts}>
        <BundleFacts device={device} />
        <AgentFacts device={device} />
        <Fact name="Enrolled">{formatDateTime(device.enrolledAtMs)}</Fact>
        <HardwareFacts device={device} />
        <Fact name="Key fingerprint">
          <Digest digest={device.fingerprint} />
        </Fact>
      </dl>
    </header>
  );
}

function BundleFacts({ device }: DeviceProps) {
  const { activeBundle } = device;
  if (!activeBundle) return <Fact name="Model">none active</Fact>;
  return (
    <>
      <Fact name="Model">
        <strong>
          {activeBundle.model}@{activeBundle.version}
        </strong>
      </Fact>
      <Fact name="Variant">{activeBundle.variant}</Fact>
      <Fact name="Bundle">
        <Digest digest={activeBundle.digest} />
      </Fact>
    </>
  );
}

function AgentFacts({ device: { birth } }: DeviceProps) {
  if (!birth) return null;
  return (
    <>
      <Fact name="Agent">
        {birth.agentVersion}, up <Ago atMs={birth.startedAtMs} form="duration" />
      </Fact>
      <Fact name="Runs on">{birth.executionProviders.join(', ')}</Fact>
    </>
  );
}

function HardwareFacts({ device: { birth } }: DeviceProps) {
  if (!birth) return null;
  const { hardware } = birth;
  return (
    <>
      <Fact name="Board">{hardware.board}</Fact>
      <Fact name="Processor">{`${hardware.cpu}, ${hardware.cores} cores`}</Fact>
      {hardware.gpu.length > 0 && <Fact name="GPU">{hardware.gpu.join(', ')}</Fact>}
      <Fact name="Memory">{formatBytes(hardware.memoryBytes)}</Fact>
      <Fact name="System">{`${hardware.os} (${hardware.arch})`}</Fact>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd title={typeof children === 'string' ? children : undefined}>{children}</dd>
    </div>
  );
}

/** The first digits, enough to compare by eye; a click copies all of them. */
function Digest({ digest }: { readonly digest: string }) {
  return (
    <CopyButton value={digest}>
      {({ copied, copy }) => (
        <UnstyledButton className={classes.digest} title={`${digest} (click to copy)`} onClick={copy}>
          {copied ? 'copied' : shortDigest(digest)}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
