import { noteIn } from './check.ts';
import type { Check } from './port.ts';

export type SettingsFacts =
  | { readonly kind: 'broken'; readonly what: string; readonly remedy: string }
  | {
      readonly kind: 'sound';
      /** Undefined where none was named. */
      readonly file: string | undefined;
      readonly cameras: number;
      /** Of the fleet's document over the settings of the box. */
      readonly fleetVersion: number | undefined;
      /** A newer document of the fleet that this box does not follow, and why. */
      readonly refused: string | undefined;
      readonly trustRoot: FileFacts;
      readonly authority: FileFacts;
    };

/** A file that a setting names. */
export type FileFacts =
  | { readonly kind: 'unset' }
  | { readonly kind: 'sound'; readonly path: string }
  | { readonly kind: 'unusable'; readonly what: string };

const note = noteIn('settings');

export function diagnoseSettings(facts: SettingsFacts): readonly Check[] {
  if (facts.kind === 'broken') {
    const rest = 'Until then the agent does not start, and what depends on settings is not looked at.';
    return [note('file', 'problem', facts.what, `${facts.remedy} ${rest}`)];
  }
  const over = facts.fleetVersion === undefined ? '' : `, with the fleet's settings ${facts.fleetVersion}`;
  const where = facts.file === undefined ? 'the settings are sound' : `${facts.file} is sound`;
  return [
    note('file', 'ok', `${where}: ${facts.cameras} camera${facts.cameras === 1 ? '' : 's'}${over}`),
    ...(facts.refused === undefined
      ? []
      : [note('fleet', 'warning', facts.refused, 'Correct the settings on the fleet server.')]),
    ...(facts.cameras === 0
      ? [note('cameras', 'warning', 'no camera is set up', 'Add one under `cameras:`.')]
      : []),
    diagnoseTrustRoot(facts.trustRoot),
    ...diagnoseAuthority(facts.authority),
  ];
}

function diagnoseTrustRoot(root: FileFacts): Check {
  if (root.kind === 'sound') return note('trust', 'ok', `models are trusted by ${root.path}`);
  const advice = 'Put the 1.root.json of the fleet on this box (`fleetctl keys root`) and name it.';
  return root.kind === 'unset'
    ? note('trust', 'warning', 'trust.rootFile is not set: this box installs no model', advice)
    : note('trust', 'problem', root.what, advice);
}

function diagnoseAuthority(authority: FileFacts): readonly Check[] {
  if (authority.kind !== 'unusable') return [];
  const advice = "Copy the server's ca.crt to this box, or correct server.caFile.";
  return [note('authority', 'warning', authority.what, advice)];
}
