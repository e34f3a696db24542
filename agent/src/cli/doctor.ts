import { existsSync } from 'node:fs';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { BootedConfig } from '../config/boot-config.ts';
import { parseAgentConfig } from '../config/parse.ts';
import type { ConfigSources } from '../config/yaml-config.ts';
import { diagnoseHints } from '../doctor/diagnose-hints.ts';
import { diagnoseIdentity } from '../doctor/diagnose-identity.ts';
import { diagnoseMachine } from '../doctor/diagnose-machine.ts';
import { diagnoseModel } from '../doctor/diagnose-model.ts';
import { diagnoseService } from '../doctor/diagnose-service.ts';
import { diagnoseSettings, type SettingsFacts } from '../doctor/diagnose-settings.ts';
import { diagnoseSoftware } from '../doctor/diagnose-software.ts';
import { diagnoseStorage } from '../doctor/diagnose-storage.ts';
import { examineAll } from '../doctor/examine.ts';
import { readFfmpegTexts } from '../doctor/ffmpeg-features.ts';
import { inspectStorage } from '../doctor/fs-storage.ts';
import type { Examination, Report } from '../doctor/port.ts';
import { formatReport } from '../doctor/report.ts';
import { checkDatabase } from '../doctor/sqlite-soundness.ts';
import { inspectMachine } from '../doctor/sys-machine.ts';
import { inspectService } from '../doctor/systemctl-unit.ts';
import { loadHints } from '../telemetry/hints/file-hints.ts';
import { createProcTelemetry } from '../telemetry/proc-telemetry.ts';
import { peekShortLives } from '../watchdog/file-boot-guard.ts';
import { examineNetwork, inspectIdentity, inspectSettings, readSettings } from './doctor-box.ts';
import { examineCameras } from './doctor-cameras.ts';
import { inspectModel } from './doctor-model.ts';

/** Where a box has its settings; what `run` is told in the unit, people should not have to type. */
const USUAL_FILE = '/etc/watchpost/agent.yaml';
const UNIT = 'watchpost-agent';
const DATABASES = ['outbox.sqlite', 'trust.sqlite'];

/**
 * `watchpost-agent doctor`: what is wrong with this box, and what to do about it.
 * @returns the exit code: 0 no problem, 1 problems
 */
export async function runDoctorCommand(
  sources: ConfigSources,
  { json }: { readonly json: boolean },
): Promise<number> {
  const file = sources.file ?? (existsSync(USUAL_FILE) ? USUAL_FILE : undefined);
  const found = await findConfig({ ...sources, ...(file !== undefined && { file }) });
  const report = await examineAll(planExaminations(found, file), {
    onBegin: (title) => process.stderr.write(`looking at ${title}\n`),
  });
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `\n${formatReport(report)}`);
  return report.verdict === 'problem' ? 1 : 0;
}

/** The same report of a box that runs, by the agent itself. */
export function examineRunningBox(settings: BootedConfig, signal: AbortSignal): Promise<Report> {
  const file = existsSync(USUAL_FILE) ? USUAL_FILE : undefined;
  return examineAll(planExaminations({ kind: 'sound', settings }, file), {
    onBegin: () => undefined,
    signal,
  });
}

type FoundConfig =
  | { readonly kind: 'sound'; readonly settings: BootedConfig }
  | Extract<SettingsFacts, { kind: 'broken' }>;

async function findConfig(sources: ConfigSources): Promise<FoundConfig> {
  try {
    return { kind: 'sound', settings: await readSettings(sources) };
  } catch (error) {
    if (!isAppError(error, 'CONFIG_INVALID', 'CONFIG_UNREADABLE')) throw error;
    return { kind: 'broken', what: error.message, remedy: error.kind.remedy };
  }
}

/** With settings that cannot be read, what does not depend on them is looked at all the same. */
function planExaminations(found: FoundConfig, file: string | undefined): readonly Examination[] {
  if (found.kind === 'sound')
    return [...examineBox(found.settings, file), ...examineCameras(found.settings.config.cameras)];
  const settings: Examination = {
    area: 'settings',
    title: 'settings',
    examine: async () => diagnoseSettings(found),
  };
  return [settings, ...examineMachine(parseAgentConfig({}).dataDir)];
}

function examineBox(settings: BootedConfig, file: string | undefined): readonly Examination[] {
  const { config } = settings;
  const { dataDir } = config;
  const framesPerSec = config.cameras.reduce((sum, { fps }) => sum + fps, 0);
  return [
    {
      area: 'settings',
      title: 'settings',
      examine: async () => diagnoseSettings(await inspectSettings(settings, file)),
    },
    {
      area: 'storage',
      title: 'storage',
      examine: async () =>
        diagnoseStorage(await inspectStorage({ dataDir, checkDatabase, databases: DATABASES })),
    },
    {
      area: 'identity',
      title: 'identity',
      examine: async () => diagnoseIdentity((await inspectIdentity(dataDir)).facts, Date.now()),
    },
    {
      area: 'network',
      title: 'network and clock',
      examine: async () => examineNetwork(config, await inspectIdentity(dataDir)),
    },
    {
      area: 'model',
      title: 'model (it is loaded once more beside the agent)',
      examine: async (signal) => diagnoseModel(await inspectModel(config, signal), framesPerSec),
    },
    ...examineMachine(dataDir),
  ];
}

function examineMachine(dataDir: string): readonly Examination[] {
  return [
    { area: 'software', title: 'software', examine: async () => diagnoseSoftware(await readFfmpegTexts()) },
    {
      area: 'machine',
      title: 'machine',
      examine: async () => [
        ...diagnoseMachine(
          await inspectMachine(createProcTelemetry({ dataDir, gpu: { read: async () => [] } })),
        ),
        ...diagnoseHints(await loadHints(dataDir)),
      ],
    },
    {
      area: 'service',
      title: 'service',
      examine: async () => diagnoseService(await inspectService(UNIT), await peekShortLives(dataDir)),
    },
  ];
}
