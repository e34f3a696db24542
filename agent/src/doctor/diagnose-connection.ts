import { noteIn } from './check.ts';
import type { Check, Connection, ConnectionStep } from './port.ts';

const SAYS_HTTP = /^HTTP (\d{3})/;

const NO_TLS = [
  'it speaks no TLS on that port',
  'Check the port, and whether the address should begin without the s of https or mqtts.',
] as const;

/** What happened and what to do, by the code of Node or OpenSSL. `%` stands for the other side. */
const EXPLANATIONS: Readonly<Record<string, readonly [found: string, advice: string]>> = {
  ENOTFOUND: [
    'no machine has this name',
    'Check the spelling of the address, and the DNS server of this network.',
  ],
  EAI_AGAIN: ['no DNS server answers', 'Check the network cable, the router, and `resolvectl status`.'],
  ECONNREFUSED: [
    'the machine is there, but nothing listens on that port',
    'Check the port, and that the service of % is on.',
  ],
  ETIMEDOUT: ['no answer', 'Check that % is on, its address, and firewalls on the way.'],
  EHOSTUNREACH: ['no way leads there', 'Check the address, the cable, and that both are in one network.'],
  ENETUNREACH: ['this box has no network', 'Check the cable and `ip address`.'],
  ECONNRESET: ['% hung up', 'See its own log, and whether the port is the right one.'],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'Renew it, or set the clock of this box right.'],
  CERT_NOT_YET_VALID: ['its certificate begins later than now', 'Set the clock of this box right.'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', 'Use the name it was made for.'],
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
};
const FOREIGN_AUTHORITY = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
];
const FOREIGN = [
  'its certificate is signed by an authority this box does not know',
  'Another server answers, or a proxy reads along, or the box must be enrolled again.',
] as const;

/** One check for each step, named for what is at the other end: "server DNS". */
export function diagnoseConnection(
  who: 'server' | 'broker',
  url: string,
  { steps }: Connection,
): readonly Check[] {
  const note = noteIn('network');
  const what = `the ${who} ${url}`;
  return steps.map(({ name, outcome }) => {
    const title = `${who} ${name}`;
    if (outcome.kind === 'failed') {
      const { found, advice } = explain(outcome, `the ${who}`);
      return note(title, 'problem', `${what}: ${found}`, advice);
    }
    const status = Number(SAYS_HTTP.exec(outcome.found)?.[1] ?? 0);
    return status >= 400
      ? note(
          title,
          'problem',
          `${what} answers ${outcome.found}`,
          'Check that the address is that of a fleet server, and see its log.',
        )
      : note(title, 'ok', outcome.found);
  });
}

/** The way to a camera: only whether it was reached. */
export function diagnoseReach(camera: string, { steps }: Connection): Check {
  const note = noteIn('cameras', camera);
  const failed = steps.find(isFailed);
  if (failed?.outcome.kind !== 'failed')
    return note(
      'reach',
      'ok',
      steps.map(({ outcome }) => (outcome.kind === 'ok' ? outcome.found : '')).join(', '),
    );
  const { found, advice } = explain(failed.outcome, 'the camera');
  return note('reach', 'problem', found, advice);
}

type Outcome = ConnectionStep['outcome'];

const isFailed = ({ outcome }: ConnectionStep): boolean => outcome.kind === 'failed';

function explain(
  { code, detail }: Extract<Outcome, { kind: 'failed' }>,
  other: string,
): { readonly found: string; readonly advice: string } {
  const isForeign = FOREIGN_AUTHORITY.includes(code);
  const known = isForeign ? FOREIGN : EXPLANATIONS[code];
  const [found, advice] = known ?? ['it fails', 'See whether another machine in this network reaches %.'];
  const fill = (text: string): string => text.replaceAll('%', other);
  return { found: `${fill(found)} (${detail})`, advice: fill(advice) };
}
