import { noteIn } from './check.ts';
import type { Check, Connection, ConnectionStep } from './port.ts';

const SAYS_HTTP = /^HTTP (\d{3})/;

/** What to do, by the code of Node or OpenSSL. `%` stands for the other side. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'No such name: check the spelling of the address and the DNS server of this network.',
  EAI_AGAIN: 'No DNS server answers: check the network cable, the router, and `resolvectl status`.',
  ECONNREFUSED: '% is reached, but nothing listens on that port: check the port, and that the program runs.',
  ETIMEDOUT: 'No answer: check that % is on, its address, and firewalls on the way.',
  EHOSTUNREACH: 'No way to %: check its address, the cable, and that both are in one network.',
  ENETUNREACH: 'This box has no network: check the cable and `ip address`.',
  ECONNRESET: '% hung up: see its own log, and whether the port is the right one.',
  CERT_HAS_EXPIRED: 'The certificate of % has expired: renew it, or set the clock of this box right.',
  CERT_NOT_YET_VALID: 'The certificate of % begins later than now: set the clock of this box right.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate of % is for another name: use the name it was made for.',
  EPROTO: 'The other side speaks no TLS on that port: check the port, and http:// or https://.',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'The other side speaks no TLS on that port: check the port, and http:// or https://.',
};
const FOREIGN_AUTHORITY = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
];
const FOREIGN_ADVICE =
  'It is signed by an authority this box does not know: another server answers, or a proxy reads along, or the box must be enrolled again.';

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
    if (outcome.kind === 'failed')
      return note(title, 'problem', `${what}: ${outcome.detail}`, adviseOn(outcome.code, `the ${who}`));
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
  const { code, detail } = failed.outcome;
  return note('reach', 'problem', `${failed.name}: ${detail}`, adviseOn(code, 'the camera'));
}

const isFailed = ({ outcome }: ConnectionStep): boolean => outcome.kind === 'failed';

function adviseOn(code: string, other: string): string {
  if (FOREIGN_AUTHORITY.includes(code)) return FOREIGN_ADVICE;
  const advice = (ADVICE[code] ?? 'See whether another machine in this network reaches %.').replaceAll(
    '%',
    other,
  );
  return `${advice.charAt(0).toUpperCase()}${advice.slice(1)}`;
}
