import type { CameraView, DeviceView } from '../api/client.ts';
import { Ago } from '../shell/ago.tsx';
import { formatNumber, formatPercent } from '../shell/format.ts';
import { summariseHints } from '../shell/hint-words.ts';
import { Link } from '../shell/link.tsx';
import { devicePath } from '../shell/route.ts';
import { StateBadge, StateDot } from '../shell/state-badge.tsx';
import {
  ADMISSION_WORDS,
  CONNECTION_WORDS,
  conditionWord,
  DEPLOYMENT_WORDS,
  isNoteworthy,
} from '../shell/state-words.ts';
import classes from './device-cells.module.css';
import { hottestZone, isReachable, modelName, placeOf } from './select-devices.ts';

/** The parts of one device in the fleet list; table and cards lay them out. */
interface DeviceCellProps {
  readonly device: DeviceView;
}

export function DeviceName({ device }: DeviceCellProps) {
  const place = placeOf(device);
  return (
    <div className={classes.stack}>
      <Link href={devicePath(device.id)} className={classes.name}>
        {device.id}
      </Link>
      {device.birth && <span className={classes.dim}>{device.birth.hardware.board}</span>}
      {place && <span className={classes.dim}>{place}</span>}
    </div>
  );
}

export function DeviceStates({ device }: DeviceCellProps) {
  const hints = device.telemetry?.hints ?? [];
  const signs = summariseHints(hints);
  return (
    <span className={classes.badges}>
      <StateBadge word={CONNECTION_WORDS[device.connection]} />
      {device.state !== 'accepted' && <StateBadge word={ADMISSION_WORDS[device.state]} />}
      {signs && (
        <span className={classes.signs} title={hints.map(({ text }) => text).join('\n')}>
          <StateBadge word={signs} />
        </span>
      )}
    </span>
  );
}

export function DeviceModel({ device }: DeviceCellProps) {
  const { activeBundle, deployment } = device;
  return (
    <div className={classes.stack}>
      {activeBundle ? modelName(activeBundle) : <span className={classes.dim}>no model</span>}
      {deployment && isNoteworthy(deployment.state) && (
        <span className={classes.deployment} data-tone={DEPLOYMENT_WORDS[deployment.state].tone}>
          → {deployment.version} {DEPLOYMENT_WORDS[deployment.state].text.toLowerCase()}
        </span>
      )}
    </div>
  );
}

const CAMERAS_SHOWN = 4;

export function DeviceCameras({ device }: DeviceCellProps) {
  const more = device.cameras.length - CAMERAS_SHOWN;
  return (
    <ul className={classes.cameras} data-stale={!isReachable(device) || undefined}>
      {device.cameras.slice(0, CAMERAS_SHOWN).map((camera) => (
        <CameraChip key={camera.id} camera={camera} />
      ))}
      {more > 0 && <li className={classes.dim}>+{more}</li>}
    </ul>
  );
}

function CameraChip({ camera }: { readonly camera: CameraView }) {
  const word = conditionWord(camera);
  const { state } = camera;
  return (
    <li className={classes.chip}>
      <StateDot word={word} />
      <span className={classes.dim}>{camera.name}</span>
      <CameraSays seen={word.tone === 'good'} condition={word.text} state={state} />
    </li>
  );
}

interface CameraSaysProps {
  readonly seen: boolean;
  readonly condition: string;
  readonly state: CameraView['state'];
}

function CameraSays({ seen, condition, state }: CameraSaysProps) {
  if (!seen) return <span>{condition.toLowerCase()}</span>;
  if (state?.label === undefined) return <span className={classes.dim}>–</span>;
  return (
    <span>
      <strong>{state.label}</strong> {formatPercent(state.score)}
    </span>
  );
}

const HIGH_LOAD01 = 0.9;
const HOT_CELSIUS = 80;

export function DeviceCpu({ device }: DeviceCellProps) {
  const load01 = device.telemetry?.cpu.load01;
  if (load01 === undefined) return <Nothing />;
  return (
    <Reading device={device} high={load01 >= HIGH_LOAD01}>
      {formatPercent(load01)}
    </Reading>
  );
}

export function DeviceTemperature({ device }: DeviceCellProps) {
  const celsius = hottestZone(device)?.celsius;
  if (celsius === undefined) return <Nothing />;
  return (
    <Reading device={device} high={celsius >= HOT_CELSIUS}>
      {formatNumber(celsius)} °C
    </Reading>
  );
}

interface ReadingProps extends DeviceCellProps {
  readonly high: boolean;
  readonly children: React.ReactNode;
}

function Reading({ device, high, children }: ReadingProps) {
  const stale = !isReachable(device);
  return (
    <span className={classes.reading} data-stale={stale || undefined} data-high={high || undefined}>
      {children}
    </span>
  );
}

export function DeviceSeen({ device }: DeviceCellProps) {
  return device.lastSeenMs === undefined ? (
    <span className={classes.dim}>never</span>
  ) : (
    <Ago atMs={device.lastSeenMs} />
  );
}

function Nothing() {
  return <span className={classes.dim}>–</span>;
}
