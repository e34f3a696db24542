import { noteIn } from './check.ts';
import type { Check } from './port.ts';

/** What `systemctl show` prints, by key; undefined where systemd does not run. */
export type ServiceFacts = Readonly<Record<string, string>> | undefined;

const note = noteIn('service');
const MANY_RESTARTS = 3;
const FEW_STARTS = 2;
const MANY_STARTS = 5;
const LOG = 'See why: `journalctl -u watchpost-agent -n 50`.';

/** @param shortLives starts in a row that ended early, this one included while it is young */
export function diagnoseService(facts: ServiceFacts, shortLives: number): readonly Check[] {
  return [...judgeUnit(facts), ...judgeStarts(shortLives)];
}

function judgeUnit(facts: ServiceFacts): readonly Check[] {
  if (facts === undefined) return [note('unit', 'skipped', 'systemd does not run here')];
  if (facts.LoadState === 'not-found')
    return [note('unit', 'skipped', 'watchpost-agent is not installed as a service')];
  return [judgeState(facts), ...judgeEnablement(facts), ...judgeRestarts(facts)];
}

function judgeStarts(shortLives: number): readonly Check[] {
  if (shortLives < FEW_STARTS) return [];
  const found = `the last ${shortLives} starts of the agent ended early`;
  return shortLives < MANY_STARTS
    ? [note('starts', 'warning', found, LOG)]
    : [
        note(
          'starts',
          'problem',
          `${found}, so it leaves out what is new or optional`,
          `${LOG} It does so again as it should once it worked for a minute.`,
        ),
      ];
}

function judgeState({
  ActiveState = '',
  SubState = '',
  Result = '',
  StatusText = '',
}: Readonly<Record<string, string>>): Check {
  const found = [`${ActiveState} (${SubState})`, StatusText].filter(Boolean).join(': ');
  if (ActiveState === 'active') return note('unit', 'ok', found);
  const why = Result === '' || Result === 'success' ? '' : `, it ended with: ${Result}`;
  const advice = ActiveState === 'inactive' ? 'Start it: `systemctl start watchpost-agent`.' : LOG;
  return note('unit', 'problem', `${found}${why}`, advice);
}

function judgeEnablement({ UnitFileState = '' }: Readonly<Record<string, string>>): readonly Check[] {
  if (!['disabled', 'masked'].includes(UnitFileState)) return [];
  const advice = 'Let it start with the machine: `systemctl enable watchpost-agent`.';
  return [note('start', 'warning', `the service is ${UnitFileState}`, advice)];
}

function judgeRestarts({ NRestarts = '0' }: Readonly<Record<string, string>>): readonly Check[] {
  const restarts = Number(NRestarts);
  if (restarts === 0) return [];
  const found = `started again ${restarts} time${restarts === 1 ? '' : 's'} by systemd`;
  return [note('restarts', restarts > MANY_RESTARTS ? 'warning' : 'ok', found, LOG)];
}
