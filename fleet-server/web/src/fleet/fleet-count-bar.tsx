import { StateDot } from '../shell/state-badge.tsx';
import { CONNECTION_WORDS, CONNECTIONS, type Word } from '../shell/state-words.ts';
import classes from './fleet-count-bar.module.css';
import type { Connection, FleetCounts } from './select-devices.ts';

interface FleetCountBarProps {
  readonly counts: FleetCounts;
  readonly total: number;
  readonly chosen: Connection | undefined;
  readonly onChoose: (connection: Connection | undefined) => void;
}

/** How many devices stand how; each count is a filter. */
export function FleetCountBar({ counts, total, chosen, onChoose }: FleetCountBarProps) {
  return (
    <div className={classes.bar}>
      <fieldset className={classes.counts} aria-label="Show devices by state">
        <Count
          name="Devices"
          count={total}
          pressed={chosen === undefined}
          onPress={() => onChoose(undefined)}
        />
        {CONNECTIONS.map((connection) => (
          <Count
            key={connection}
            name={CONNECTION_WORDS[connection].text}
            word={CONNECTION_WORDS[connection]}
            count={counts.connections[connection]}
            pressed={chosen === connection}
            onPress={() => onChoose(chosen === connection ? undefined : connection)}
          />
        ))}
      </fieldset>
      <p className={classes.cameras}>
        <strong>{counts.camerasOnline.toLocaleString('en')}</strong> of {counts.cameras.toLocaleString('en')}{' '}
        cameras online
      </p>
    </div>
  );
}

interface CountProps {
  readonly name: string;
  readonly word?: Word;
  readonly count: number;
  readonly pressed: boolean;
  readonly onPress: () => void;
}

function Count({ name, word, count, pressed, onPress }: CountProps) {
  return (
    <button
      type="button"
      className={classes.count}
      aria-pressed={pressed}
      data-zero={count === 0 || undefined}
      onClick={onPress}
    >
      <span className={classes.number}>{count.toLocaleString('en')}</span>
      <span className={classes.name}>
        {word && <StateDot word={word} />}
        {name}
      </span>
    </button>
  );
}
