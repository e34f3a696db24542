import type { DeviceAsOf, ModelVersionDetail, ValidationView } from '@watchpost/shared/api/models.ts';
import { formatTime } from './model-names.ts';

/** One version, for people. */
export function formatDetail(detail: ModelVersionDetail): string {
  const { model, version, state, digest, author, lineage, metrics, validation } = detail;
  return [
    `${model}@${version} is ${state}${detail.aliases.map((alias) => ` (${alias})`).join('')}`,
    `digest     ${digest}`,
    `pushed     ${formatTime(detail.createdAtMs)}${author === undefined ? '' : ` by ${author}`}`,
    ...detail.transitions.map(
      ({ to, by, reason, atMs }) => `${to.padEnd(10)} ${formatTime(atMs)} by ${by}${reason && `: ${reason}`}`,
    ),
    ...detail.certifications
      .filter(({ decision }) => decision === 'reject')
      .map(({ by, report, atMs }) => `rejected   ${formatTime(atMs)} by ${by}: ${report}`),
    `labels     ${detail.labels.join(', ')}`,
    `lineage    ${JSON.stringify(lineage)}`,
    `metrics    ${JSON.stringify(metrics)}`,
    ...(validation === undefined ? ['validation none yet'] : formatValidation(validation)),
  ].join('\n');
}

export function formatValidation({
  passed,
  atMs,
  checks,
  variants,
  warnings,
}: ValidationView): readonly string[] {
  return [
    `validation ${passed ? 'passed' : 'did not pass'} ${formatTime(atMs)}`,
    ...checks.map((check) => `  ${check.passed ? 'ok    ' : 'FAILED'} ${check.name}: ${check.detail}`),
    ...variants.map(({ name, latencyP50Ms, latencyP95Ms, peakMemoryBytes }) => {
      const memory =
        peakMemoryBytes === undefined ? '' : `, at most ${(peakMemoryBytes / 1e6).toFixed(0)} MB`;
      return `  ${name}: ${latencyP50Ms} ms (p95 ${latencyP95Ms} ms)${memory}`;
    }),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ];
}

/** What ran where, when, certified by whom. */
export function formatAsOf({ deviceId, atMs, running }: DeviceAsOf): string {
  if (running === undefined) return `${deviceId} ran no model at ${formatTime(atMs)}, as far as it told`;
  const { version, certified, released, sinceMs, untilMs, deploymentId, lineage } = running;
  const until = untilMs === undefined ? 'no other has taken over' : `until ${formatTime(untilMs)}`;
  return [
    `${deviceId} ran ${version.model}@${version.version} at ${formatTime(atMs)}`,
    `since      ${formatTime(sinceMs)}, ${until} (deployment ${deploymentId}, told ${formatTime(running.reportedAtMs)})`,
    `certified  ${certified === undefined ? 'by nobody' : `${formatTime(certified.atMs)} by ${certified.by}: ${certified.report}`}`,
    `released   ${released === undefined ? 'by nobody' : `${formatTime(released.atMs)} by ${released.by}`}`,
    `digest     ${version.digest}`,
    `author     ${version.author ?? 'unknown'}`,
    `lineage    ${JSON.stringify(lineage)}`,
  ].join('\n');
}
