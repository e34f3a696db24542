import { Button, NativeSelect, Table } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useServices } from '../services.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { Link } from '../shell/link.tsx';
import { devicePath } from '../shell/route.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import { DEPLOYMENT_WORDS, type Word } from '../shell/state-words.ts';
import journal from './rollout-journal.module.css';
import page from './rollout-page.module.css';
import { loadMembers, type RolloutMemberView, type RolloutView } from './rollouts-api.ts';
import { usePolled } from './use-polled.ts';

const EVERY_MS = 5_000;
const PAGE_ROWS = 20;
const MAX_ROWS = 1000;

const STATES = [
  { value: '', label: 'in any state' },
  ...Object.entries(DEPLOYMENT_WORDS).map(([value, { text }]) => ({ value, label: text })),
];

/** The devices of the rollout, in the order in which they are taken, and what came of each. */
export function RolloutDevices({ rollout }: { readonly rollout: RolloutView }) {
  const { api } = useServices();
  const [state, setState] = useState('');
  const [group, setGroup] = useState('');
  const [limit, setLimit] = useState(PAGE_ROWS);
  const load = useCallback(
    (signal: AbortSignal) => loadMembers(api, rollout.id, { group, state, limit }, signal),
    [api, rollout.id, group, state, limit],
  );
  const { value, error } = usePolled(load, EVERY_MS);
  const groups = rollout.groups.map(({ number, name }) => ({
    value: String(number),
    label: `Group ${number}: ${name}`,
  }));
  return (
    <section className={page.panel} aria-labelledby="devices-title">
      <header className={page.title}>
        <h2 id="devices-title">Devices</h2>
        <NativeSelect
          size="xs"
          aria-label="Of which group"
          data={[{ value: '', label: 'of all groups' }, ...groups]}
          value={group}
          onChange={(event) => setGroup(event.currentTarget.value)}
        />
        <NativeSelect
          size="xs"
          aria-label="In which state"
          data={STATES}
          value={state}
          onChange={(event) => setState(event.currentTarget.value)}
        />
      </header>
      {error && <ErrorNotice error={error} />}
      {value?.members.length === 0 && <div className={page.body}>No device is like that.</div>}
      {value && value.members.length > 0 && <Members members={value.members} />}
      {value?.next !== undefined && limit < MAX_ROWS && (
        <Button
          variant="subtle"
          size="compact-sm"
          m={8}
          onClick={() => setLimit(Math.min(MAX_ROWS, limit * 2))}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

/** Not ordered yet. */
const TO_COME: Word = { text: 'To come', tone: 'off' };

function Members({ members }: { readonly members: readonly RolloutMemberView[] }) {
  return (
    <Table className={journal.table} verticalSpacing={5} horizontalSpacing={14}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Device</Table.Th>
          <Table.Th>Group</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Why</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {members.map((member) => (
          <Member key={member.deviceId} member={member} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Member({ member }: { readonly member: RolloutMemberView }) {
  const { deviceId, group, state, attempts, reason, detail, restore } = member;
  const tries = attempts > 1 ? `tried ${attempts} times` : undefined;
  const back = restore && `way back: ${DEPLOYMENT_WORDS[restore.state].text.toLowerCase()}`;
  const why = [reason, detail, tries, back].filter((part) => part !== undefined).join('; ');
  return (
    <Table.Tr>
      <Table.Td>
        <Link href={devicePath(deviceId)}>{deviceId}</Link>
      </Table.Td>
      <Table.Td>{group}</Table.Td>
      <Table.Td>
        <StateBadge word={attempts === 0 && state === 'pending' ? TO_COME : DEPLOYMENT_WORDS[state]} />
      </Table.Td>
      <Table.Td className={journal.why}>{why}</Table.Td>
    </Table.Tr>
  );
}
