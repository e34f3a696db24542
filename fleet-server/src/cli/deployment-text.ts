import type { DeploymentChangeView, DeploymentHistory } from '@watchpost/shared/api/deployments.ts';
import { formatFindings } from './findings-text.ts';
import { wrapText } from './table.ts';

const WIDTH = 100;
const INDENT = '    ';
/** Of the time before each change. */
const TIME_WIDTH = 22;

/** A deployment from its order to its end, for people: what the device told, in the order in which it happened. */
export function formatDeployment(deployment: DeploymentHistory): string {
  const { id, model, version, state, bundleDigest, createdAtMs, reason, detail } = deployment;
  return [
    ...wrapText(`${model}@${version} ${stateInWords(state)}${explain({ reason, detail })}`, WIDTH),
    ...wrapText(`deployment ${id} of bundle ${bundleDigest.slice(0, 12)}`, WIDTH),
    ...formatEntry(formatSecond(createdAtMs), 'ordered'),
    ...deployment.changes.flatMap(formatChange),
  ]
    .map(printable)
    .join('\n');
}

/** A state in words that follow the name of a model. */
export const stateInWords = (state: DeploymentHistory['state']): string => state.replaceAll('_', ' ');

export const formatSecond = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+/, '');

/** What a device says ends up in a terminal: nothing of it may steer that terminal. */
export const printable = (line: string): string => line.replaceAll(/\p{Cc}/gu, '�');

function formatChange(change: DeploymentChangeView): readonly string[] {
  const { state, tsMs, findings, clockState } = change;
  const found = findings && formatFindings(findings, WIDTH - INDENT.length);
  const what = found === undefined ? '' : `, ${found.summary}`;
  const clock = clockState === 'behind' ? ' [its clock was behind]' : '';
  return [
    ...formatEntry(formatSecond(tsMs), `${stateInWords(state)}${what}${explain(change)}${clock}`),
    ...(found?.lines ?? []).map((line) => `${INDENT}${line}`),
  ];
}

function explain({ reason, detail }: { reason?: string | undefined; detail?: string | undefined }): string {
  const why = [reason, detail].filter((part) => part !== undefined).join(': ');
  return why === '' ? '' : ` (${why})`;
}

function formatEntry(time: string, text: string): readonly string[] {
  return wrapText(text, WIDTH - TIME_WIDTH).map(
    (line, index) => `${(index === 0 ? time : '').padEnd(TIME_WIDTH)}${line}`,
  );
}
