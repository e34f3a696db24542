import type { ConfigSources } from '../config/yaml-config.ts';

/** What the commands that work on the settings of this box may be told. */
interface CommandOptions {
  readonly 'token-file'?: string | undefined;
  readonly request: boolean;
  readonly json: boolean;
  readonly sample: boolean;
}

type SettingsCommand = (sources: ConfigSources, options: CommandOptions) => Promise<number>;
type OwnCommand = (args: readonly string[]) => Promise<number>;

/** Their help is the overview. */
export const SETTINGS_COMMANDS: Readonly<Record<string, SettingsCommand>> = {
  run: async (sources) => (await import('./run.ts')).runAgentCommand(sources),
  enrol: async (sources, options) => (await import('./enrol.ts')).runEnrolCommand(sources, options),
  fingerprint: async (sources, options) =>
    (await import('./fingerprint.ts')).runFingerprintCommand(sources, options),
  config: async (sources, options) => (await import('./config.ts')).runConfigCommand(sources, options),
  doctor: async (sources, options) => (await import('./doctor.ts')).runDoctorCommand(sources, options),
};

/** Commands that read all of their arguments themselves, `--help` and `--json` among them. */
export const OWN_COMMANDS: Readonly<Record<string, OwnCommand>> = {
  replay: async (args) => (await import('./replay.ts')).runReplay(args, process),
  bench: async (args) => (await import('./bench.ts')).runBenchCommand(args, process),
  discover: async (args) => (await import('./discover.ts')).runDiscover(args, process),
  provision: async (args) => (await import('./provision.ts')).runProvisionCommand(args),
  validate: async (args) => (await import('./validate.ts')).runValidate(args, process.stdout),
};
