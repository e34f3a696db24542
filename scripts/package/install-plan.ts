import { type Program, programFolder } from './target.ts';

/** One file or folder of `firmware-config/` and where a box has it. */
export interface Placed {
  readonly from: string;
  readonly to: string;
  readonly mode: number;
}

const DATA = 0o644;
const PROGRAM = 0o755;

const AGENT: readonly Placed[] = [
  { from: 'bin/watchpost-agent', to: 'usr/bin/watchpost-agent', mode: PROGRAM },
  { from: 'boards', to: `${programFolder('agent')}/boards`, mode: DATA },
  // Laid in /etc by the package's postinst: provisioning writes there, so it is no file of dpkg's.
  { from: 'etc/agent.yaml', to: `${programFolder('agent')}/etc/agent.yaml`, mode: DATA },
  { from: 'agent.yaml', to: 'usr/share/watchpost/agent.yaml', mode: DATA },
  { from: 'provision.yaml', to: 'usr/share/watchpost/provision.yaml', mode: DATA },
  unit('watchpost-agent.service'),
  unit('watchpost-provision.service'),
  {
    from: 'journald/50-watchpost.conf',
    to: 'usr/lib/systemd/journald.conf.d/50-watchpost.conf',
    mode: DATA,
  },
  { from: 'sysusers/watchpost-agent.conf', to: 'usr/lib/sysusers.d/watchpost-agent.conf', mode: DATA },
  { from: 'tmpfiles/watchpost-agent.conf', to: 'usr/lib/tmpfiles.d/watchpost-agent.conf', mode: DATA },
  { from: 'udev/70-watchpost.rules', to: 'usr/lib/udev/rules.d/70-watchpost.rules', mode: DATA },
];

const SERVER: readonly Placed[] = [
  { from: 'bin/watchpost-server', to: 'usr/bin/watchpost-server', mode: PROGRAM },
  { from: 'bin/fleetctl', to: 'usr/bin/fleetctl', mode: PROGRAM },
  { from: 'etc/watchpost-server', to: 'etc/default/watchpost-server', mode: DATA },
  unit('watchpost-server.service'),
  { from: 'broker', to: 'usr/share/watchpost/broker', mode: DATA },
  { from: 'sysusers/watchpost-server.conf', to: 'usr/lib/sysusers.d/watchpost-server.conf', mode: DATA },
  { from: 'tmpfiles/watchpost-server.conf', to: 'usr/lib/tmpfiles.d/watchpost-server.conf', mode: DATA },
];

/** Of a program: beside it, what it needs of the system. */
export const INSTALLED: Readonly<Record<Program, readonly Placed[]>> = { agent: AGENT, server: SERVER };

/** Of every package. */
export const copyrightOf = (name: string): Placed => ({
  from: 'deb/copyright',
  to: `usr/share/doc/${name}/copyright`,
  mode: DATA,
});

/** Run by dpkg; the other files of a package's control folder are data. */
export const MAINTAINER_SCRIPTS: readonly string[] = ['postinst', 'prerm', 'postrm'];

function unit(name: string): Placed {
  return { from: `systemd/${name}`, to: `usr/lib/systemd/system/${name}`, mode: DATA };
}
