/** A program of this repository. */
export type Program = 'agent' | 'server';
/** As Debian names them. */
export type Architecture = 'amd64' | 'arm64';
/** As Node names them. */
export type Cpu = 'x64' | 'arm64';

export const PROGRAMS: readonly Program[] = ['agent', 'server'];
export const ARCHITECTURES: readonly Architecture[] = ['amd64', 'arm64'];
export const CPU_OF: Readonly<Record<Architecture, Cpu>> = { amd64: 'x64', arm64: 'arm64' };

/** Workspaces whose sources a program runs. The server tries models in the agent's own program. */
export const WORKSPACES: Readonly<Record<Program, readonly string[]>> = {
  agent: ['agent', 'shared'],
  server: ['fleet-server', 'agent', 'shared'],
};

/** Where a program lies on a box; below it, as in this repository, its workspaces and node_modules. */
export const programFolder = (program: Program): string => `usr/lib/watchpost/${program}`;

/** One Debian package: a program, or modules that are laid beside a program. */
export interface Parcel {
  /** Of its folder in firmware-config/deb; the package is `watchpost-` and this. */
  readonly name: string;
  readonly program: Program;
  readonly kind: 'program' | 'modules';
  /** Modules that another parcel of the program holds, with what only they need. */
  readonly leavesOut?: readonly string[];
}

const TENSORFLOW = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];

/**
 * TensorFlow.js is a package of its own, which apt installs by default (Recommends): with it the agent would take over
 * 160 MB of a small card, and most boxes run ONNX models only. It is plain JavaScript and WebAssembly.
 */
export const PARCELS: readonly Parcel[] = [
  { name: 'agent', program: 'agent', kind: 'program', leavesOut: TENSORFLOW },
  { name: 'agent-tfjs', program: 'agent', kind: 'modules' },
  { name: 'server', program: 'server', kind: 'program' },
];
