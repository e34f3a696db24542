import { Skeleton } from '@mantine/core';
import type { DeviceView } from '../api/client.ts';
import { useFleet } from '../api/fleet-context.ts';
import type { Viewer } from '../rollouts/rollout-actions.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { NotFound } from '../shell/not-found.tsx';
import { Page } from '../shell/page.tsx';
import { CONNECTION_WORDS } from '../shell/state-words.ts';
import { CameraGrid } from './camera-grid.tsx';
import { ConfigNotice } from './config-notice.tsx';
import { DeviceHeader } from './device-header.tsx';
import classes from './device-page.module.css';
import { EventsPanel } from './events-panel.tsx';
import { HintsNotice } from './hints-notice.tsx';
import { ModelUpdate } from './model-update.tsx';
import { TelemetryPanel } from './telemetry-panel.tsx';
import { useTelemetry } from './use-telemetry.ts';

export function DevicePage({ id, viewer }: { readonly id: string; readonly viewer: Viewer }) {
  const { devices, error } = useFleet();
  const device = devices?.find((each) => each.id === id);
  if (device) return <Device device={device} viewer={viewer} />;
  if (devices) return <NotFound what={`There is no device called ${id}.`} />;
  return (
    <Page title={id}>
      {error ? <ErrorNotice error={error} /> : <Skeleton height={320} aria-label="Reading the device" />}
    </Page>
  );
}

function Device({ device, viewer }: { readonly device: DeviceView; readonly viewer: Viewer }) {
  const samples = useTelemetry(device.id, device.telemetry);
  return (
    <Page title={`${device.id} (${CONNECTION_WORDS[device.connection].text.toLowerCase()})`}>
      <DeviceHeader device={device} />
      <ModelUpdate device={device} />
      {device.telemetry?.hints && <HintsNotice hints={device.telemetry.hints} />}
      {device.config && <ConfigNotice config={device.config} />}
      <div className={classes.columns}>
        <div className={classes.cameras}>
          <CameraGrid device={device} />
        </div>
        <div className={classes.telemetry}>
          <TelemetryPanel samples={samples} />
        </div>
        <div className={classes.events}>
          <EventsPanel device={device} mayAsk={viewer.mayOperate} />
        </div>
      </div>
    </Page>
  );
}
