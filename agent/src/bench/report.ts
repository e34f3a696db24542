import { cpuMsOf, isCarried } from './capacity.ts';
import type { BenchedDecoder, BenchedTrial, BenchReport, BestConfig, CameraRun } from './port.ts';

/** For people: three tables and one sentence. */
export function formatBench(report: BenchReport): string {
  const { best } = report;
  const sections = [
    ['DECODER       CPU', report.decoders.map((it) => mark(it.method === best.decode, formatDecoder(it)))],
    [
      'MODEL                   THREADS     p50 ms     p95 ms    CPU ms',
      report.trials.map((it) => mark(isRunAs(it, best), formatTrial(it))),
    ],
    [
      'CAMERAS      FRAMES LOST',
      report.runs.map((run) => mark(run.cameras === report.carried, formatRun(run))),
    ],
  ] as const;
  const tables = sections.map(([header, rows]) => [`  ${header}`, ...rows].join('\n'));
  return `${[describeSource(report), ...tables, describeBench(report)].join('\n\n')}\n`;
}

const isRunAs = ({ variant, threads, provider }: BenchedTrial, best: BestConfig): boolean =>
  variant === best.variant && threads === best.threads && provider === best.provider;

const mark = (isBest: boolean, row: string): string => `${isBest ? '*' : ' '} ${row}`;

const describeSource = ({ source, video, cores }: BenchReport): string =>
  `${source}: ${video.codec} ${video.width}x${video.height}, on ${cores} ${cores === 1 ? 'core' : 'cores'}`;

/** The sentence. */
export function describeBench({ carried, video, best, model, runs }: BenchReport): string {
  const kind = `${video.codec} ${video.width}x${video.height} at ${best.fps} fps with ${model}`;
  if (carried === 0) return `This box does not carry a single camera like this one (${kind}).`;
  const word = carried === 1 ? 'camera' : 'cameras';
  const lost = runs.filter((run) => !isCarried(run)).map(({ cameras }) => cameras);
  const limit = lost.length === 0 ? 'more were not tried' : `${Math.min(...lost)} lost frames`;
  return `This box carries ${carried} ${word} like this one (${kind}); ${limit}.`;
}

function formatDecoder({ method, cpu01, why }: BenchedDecoder): string {
  return `${method.padEnd(10)} ${cpu01 === undefined ? `-  (${why})` : `${(cpu01 * 100).toFixed(1)} % of a core`}`;
}

function formatTrial(trial: BenchedTrial): string {
  const { variant, threads, provider, inferMs, detail = '' } = trial;
  const run = provider === undefined ? variant : `${variant} on ${provider}`;
  const name = `${run.padEnd(22)} ${String(threads).padStart(8)}`;
  if (inferMs === undefined) return `${name}  ${detail}`;
  const numbers = [inferMs.p50, inferMs.p95, cpuMsOf(trial)].map((value) => value.toFixed(2).padStart(10));
  return `${name} ${numbers.join(' ')}${trial.outcome === 'passed' ? '' : `  ${detail}`}`;
}

function formatRun({ cameras, lost01, silent }: CameraRun): string {
  const nothing = silent === 0 ? '' : `, nothing came of ${silent}`;
  return `${String(cameras).padStart(7)}     ${(lost01 * 100).toFixed(1).padStart(6)} %${nothing}`;
}

/** Settings of the agent that run one camera as it was found to be best; the others are alike. */
export function composeSettings(
  { best }: Pick<BenchReport, 'best'>,
  source: Readonly<Record<string, string>>,
): object {
  const { fps, decode, threads, provider } = best;
  return {
    inference: { threads, ...(provider !== undefined && { accelerator: provider }) },
    cameras: [{ id: 'camera-1', ...source, fps, decode }],
  };
}
