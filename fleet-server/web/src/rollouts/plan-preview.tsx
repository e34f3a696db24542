import { Table } from '@mantine/core';
import { Link } from '../shell/link.tsx';
import { rolloutPath } from '../shell/route.ts';
import journal from './rollout-journal.module.css';
import page from './rollout-page.module.css';
import type { RolloutPreview } from './rollouts-api.ts';

const SITES_SHOWN = 8;

/** What the rollout would do: its groups, who would be rejected, and who else means the same devices. */
export function PlanPreview({ plan }: { readonly plan: RolloutPreview }) {
  const { total, connected, groups } = plan;
  return (
    <section className={page.panel} aria-labelledby="plan-title">
      <header className={page.title}>
        <h2 id="plan-title">Preview</h2>
        <span className={page.dim} role="status">
          {total.toLocaleString('en')} devices, {connected.toLocaleString('en')} connected; nothing was
          changed
        </span>
      </header>
      <Table className={journal.table} verticalSpacing={5} horizontalSpacing={14}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Group</Table.Th>
            <Table.Th>Devices</Table.Th>
            <Table.Th>Connected</Table.Th>
            <Table.Th>By site</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.map((group) => (
            <Table.Tr key={group.number}>
              <Table.Td>
                {group.number}: {group.name}
              </Table.Td>
              <Table.Td>{group.devices.toLocaleString('en')}</Table.Td>
              <Table.Td>{group.connected.toLocaleString('en')}</Table.Td>
              <Table.Td>{listSites(group.bySite)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Warnings plan={plan} />
    </section>
  );
}

function listSites(bySite: RolloutPreview['groups'][number]['bySite']): string {
  const names = bySite
    .toSorted((one, other) => other.devices - one.devices)
    .map(({ site = 'no site', devices }) => `${site} ${devices}`);
  const more = names.length - SITES_SHOWN;
  return [...names.slice(0, SITES_SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function Warnings({ plan: { unfit, overlaps } }: { readonly plan: RolloutPreview }) {
  if (unfit.length === 0 && overlaps.length === 0) return null;
  return (
    <div className={page.body}>
      <ul className={page.lines}>
        {unfit.map(({ code, detail, devices, example }) => (
          <li key={`${code} ${detail}`}>
            <span className={page.number}>{devices.toLocaleString('en')}</span>
            <span>
              would be rejected: {detail} <code className={page.code}>{code}</code>, such as {example}
            </span>
          </li>
        ))}
        {overlaps.map(({ id, name, priority, devices }) => (
          <li key={id}>
            <span className={page.number}>{devices.toLocaleString('en')}</span>
            <span>
              are also meant by <Link href={rolloutPath(id)}>{name}</Link>, which has priority {priority}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
