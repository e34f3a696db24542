import type { Command } from './command.ts';

export interface CommandEntry {
  readonly summary: string;
  /** Loaded when it is run: listing devices needs no inference runtime. */
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  'device list': {
    summary: 'list every device',
    load: async () => (await import('./device-list.ts')).deviceList,
  },
  'device show': {
    summary: 'show one device',
    load: async () => (await import('./device-show.ts')).deviceShow,
  },
  'device deploy': {
    summary: 'order a device to run a bundle',
    load: async () => (await import('./device-deploy.ts')).deviceDeploy,
  },
  'token create': {
    summary: 'make a token that enrols one box',
    load: async () => (await import('./token-create.ts')).tokenCreate,
  },
  'bundle build': {
    summary: 'make a bundle from an ONNX classifier',
    load: async () => (await import('./bundle-build.ts')).bundleBuild,
  },
  'bundle sign': {
    summary: 'sign a bundle',
    load: async () => (await import('./bundle-sign.ts')).bundleSign,
  },
  'bundle verify': {
    summary: 'check the files and a signature of a bundle',
    load: async () => (await import('./bundle-verify.ts')).bundleVerify,
  },
  'bundle push': {
    summary: 'send a signed bundle to the registry',
    load: async () => (await import('./bundle-push.ts')).bundlePush,
  },
  'bundle list': {
    summary: 'list the bundles in the registry',
    load: async () => (await import('./bundle-list.ts')).bundleList,
  },
  'keys new': {
    summary: 'make a key pair for signing bundles',
    load: async () => (await import('./keys-new.ts')).keysNew,
  },
};
