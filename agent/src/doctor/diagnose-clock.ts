import { type ClockEvidence, judgeClock } from '../kernel/clock-trust.ts';
import { noteIn } from './check.ts';
import type { Check } from './port.ts';

const note = noteIn('clock');
const OFF_MS = 120_000;
const SYNC_ADVICE = 'Switch time synchronisation on: `timedatectl set-ntp true`, and let UDP port 123 out.';

/** @param serverAheadMs how far the server's clock is ahead, where it told its time */
export function diagnoseClock(evidence: ClockEvidence, serverAheadMs: number | undefined): readonly Check[] {
  const { wallMs, lastSeenMs, releasedMs } = evidence;
  const now = formatTime(wallMs);
  const checks: Check[] = [];
  switch (judgeClock(evidence)) {
    case 'synced':
      checks.push(note('time', 'ok', `${now}, in step with a time server`));
      break;
    case 'plausible':
      checks.push(note('time', 'warning', `${now}, in step with no time server`, SYNC_ADVICE));
      break;
    case 'behind':
      checks.push(
        note(
          'time',
          'problem',
          `${now}, but it is later than ${formatTime(Math.max(lastSeenMs, releasedMs))}`,
          `${SYNC_ADVICE} A box without a battery for its clock needs that at each start.`,
        ),
      );
  }
  return [...checks, ...compareWithServer(serverAheadMs)];
}

function compareWithServer(aheadMs: number | undefined): readonly Check[] {
  if (aheadMs === undefined) return [];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) < OFF_MS) return [note('server', 'ok', `${seconds} s off the clock of the server`)];
  const where = aheadMs > 0 ? 'behind' : 'ahead of';
  return [
    note(
      'server',
      'problem',
      `${formatSpan(seconds)} ${where} the clock of the server`,
      `Find out which is right. ${SYNC_ADVICE}`,
    ),
  ];
}

const formatTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function formatSpan(seconds: number): string {
  if (seconds >= 172_800) return `${Math.round(seconds / 86_400)} days`;
  return seconds >= 7_200 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 60)} minutes`;
}
