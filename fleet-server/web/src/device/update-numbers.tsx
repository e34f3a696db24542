import { Table } from '@mantine/core';
import type { DeploymentChange } from '../api/client.ts';
import { formatBytes, formatMs, formatNumber } from '../shell/format.ts';
import { formatGateValue, gateName } from './update-facts.ts';
import classes from './update-numbers.module.css';
import { type FindingsOf, findFindings } from './update-steps.ts';

type Cell = string | number;

/** All the numbers a deployment has brought so far, folded away until somebody wants them. */
export function UpdateNumbers({ changes }: { readonly changes: readonly DeploymentChange[] }) {
  const selfTest = findFindings(changes, 'self_test');
  const shadow = findFindings(changes, 'shadow');
  const probation = findFindings(changes, 'probation');
  if (!selfTest && !shadow && !probation) return null;
  return (
    <details className={classes.numbers}>
      <summary>All numbers</summary>
      <div className={classes.tables}>
        {selfTest && <TrialTable findings={selfTest} />}
        {probation && <GateTable findings={probation} />}
        {shadow && shadow.disagreements.length > 0 && <DisagreementTable findings={shadow} />}
      </div>
    </details>
  );
}

function TrialTable({ findings: { trials, chosen } }: { readonly findings: FindingsOf<'self_test'> }) {
  const nameOf = ({ variant, provider }: { readonly variant: string; readonly provider?: string }): string =>
    provider === undefined ? variant : `${variant} on ${provider}`;
  const rows = trials.map(({ threads, outcome, inferMs, rssBytes, code, detail, ...trial }) => ({
    key: `${nameOf(trial)}/${threads}`,
    tone: outcome === 'failed' ? 'bad' : undefined,
    title: [code, detail].filter((part) => part !== undefined).join(': '),
    cells: [
      nameOf(trial),
      threads,
      inferMs ? formatMs(inferMs.p50) : '–',
      inferMs ? formatMs(inferMs.p95) : '–',
      rssBytes === undefined ? '–' : formatBytes(rssBytes),
      chosen && nameOf(chosen) === nameOf(trial) && chosen.threads === threads ? 'chosen' : (code ?? outcome),
    ],
  }));
  return (
    <NumberTable
      caption="Self-test: variants on this box"
      header={['Variant', 'Threads', 'p50', 'p95', 'Memory', 'Result']}
      rows={rows}
    />
  );
}

function GateTable({ findings: { gates } }: { readonly findings: FindingsOf<'probation'> }) {
  const rows = gates.map(({ gate, verdict, value, limit }) => ({
    key: gate,
    tone: verdict === 'failed' ? 'bad' : undefined,
    cells: [
      gateName({ gate }),
      formatGateValue(gate, value),
      formatGateValue(gate, limit),
      verdict.replaceAll('_', ' '),
    ],
  }));
  return (
    <NumberTable caption="Probation: gates" header={['Gate', 'Value', 'Limit', 'Verdict']} rows={rows} />
  );
}

function DisagreementTable({ findings: { disagreements } }: { readonly findings: FindingsOf<'shadow'> }) {
  const rows = disagreements.map(({ champion, challenger, frames }) => ({
    key: `${champion}/${challenger}`,
    cells: [champion, challenger, formatNumber(frames)],
  }));
  return (
    <NumberTable caption="Shadow: where the two differ" header={['Before', 'Update', 'Frames']} rows={rows} />
  );
}

interface NumberTableProps {
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly {
    readonly key: string;
    readonly tone?: string | undefined;
    readonly title?: string;
    readonly cells: readonly Cell[];
  }[];
}

function NumberTable({ caption, header, rows }: NumberTableProps) {
  return (
    <Table className={classes.table} verticalSpacing={3} horizontalSpacing={8} captionSide="top">
      <Table.Caption className={classes.caption}>{caption}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          {header.map((name) => (
            <Table.Th key={name}>{name}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ key, tone, title, cells }) => (
          <Table.Tr key={key} data-tone={tone} title={title || undefined}>
            {cells.map((cell, column) => (
              <Table.Td key={header[column]}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
