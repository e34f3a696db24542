import { noteIn } from './check.ts';
import type { Check } from './port.ts';

export type IdentityFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly detail: string }
  | { readonly kind: 'damaged'; readonly detail: string }
  | {
      readonly kind: 'enrolled';
      readonly deviceId: string;
      readonly fleet: string;
      readonly brokerUrl: string;
      /** Unix milliseconds; undefined for a box that has none. */
      readonly certificate: { readonly notBeforeMs: number; readonly notAfterMs: number } | undefined;
    };

const note = noteIn('identity');
const DAY_MS = 86_400_000;
/** Of its life: the agent renews after two thirds, so something kept it from doing so. */
const LATE = 0.85;

/** @param wallMs what the clock of the box says; it is judged elsewhere */
export function diagnoseIdentity(facts: IdentityFacts, wallMs: number): readonly Check[] {
  switch (facts.kind) {
    case 'none':
      return [
        note(
          'enrolment',
          'problem',
          'this box has not joined a fleet',
          'Get a token (`fleetctl token create`) and run `watchpost-agent enrol` on this box.',
        ),
      ];
    case 'unreadable':
      return [note('enrolment', 'skipped', facts.detail, 'Run doctor as root (sudo).')];
    case 'damaged':
      return [
        note(
          'enrolment',
          'problem',
          facts.detail,
          'Delete the folder `identity` in the data folder and enrol this box again.',
        ),
      ];
    case 'enrolled':
      return [
        note('enrolment', 'ok', `${facts.deviceId} in fleet ${facts.fleet}`),
        diagnoseCertificate(facts, wallMs),
      ];
  }
}

function diagnoseCertificate(
  { certificate, brokerUrl }: Extract<IdentityFacts, { kind: 'enrolled' }>,
  wallMs: number,
): Check {
  if (certificate === undefined) {
    return brokerUrl.startsWith('mqtts:')
      ? note(
          'certificate',
          'problem',
          'the broker wants a certificate, and there is none',
          'Enrol this box again.',
        )
      : note('certificate', 'skipped', 'this fleet runs without TLS, so there is none');
  }
  const { notBeforeMs, notAfterMs } = certificate;
  const dates = `${formatDay(notBeforeMs)} to ${formatDay(notAfterMs)}`;
  if (wallMs < notBeforeMs)
    return note(
      'certificate',
      'problem',
      `good from ${dates}; by the clock of this box that is yet to come`,
      'Set the clock.',
    );
  if (wallMs >= notAfterMs)
    return note(
      'certificate',
      'problem',
      `expired: it was good from ${dates}`,
      'The agent renews it by itself once it reaches the server. If it does not, see whether the box is still accepted.',
    );
  const leftDays = Math.floor((notAfterMs - wallMs) / DAY_MS);
  const isLate = wallMs > notBeforeMs + LATE * (notAfterMs - notBeforeMs);
  return isLate
    ? note(
        'certificate',
        'warning',
        `good from ${dates}, ${leftDays} days left`,
        'It should have been renewed by now: see the log of the agent for "certificate not renewed".',
      )
    : note('certificate', 'ok', `good from ${dates}, ${leftDays} days left`);
}

const formatDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
