import type { BenchSubject } from './world.ts';

interface EdgeSubject {
  readonly what: string;
  /** Each is a module that is loaded when it is asked for. */
  readonly load: () => Promise<BenchSubject>;
}

/** What measures the agent; several run in one call, with one set of options. */
export const EDGE_SUBJECTS: Readonly<Record<string, EdgeSubject>> = {
  infer: {
    what: 'one model run against the native time of the same run',
    load: async () => (await import('./infer.ts')).benchInfer,
  },
  pipeline: {
    what: 'CPU of a 1080p frame from file to event, against ffmpeg + model, OpenCV, TensorFlow.js',
    load: async () => (await import('./pipeline.ts')).benchPipeline,
  },
  idle: {
    what: 'CPU of cameras at 5 fps, of an idle scene; delay to the decision; how many fit',
    load: async () => (await import('./idle.ts')).benchIdle,
  },
  memory: {
    what: 'memory of the agent and its inference child, and its growth',
    load: async () => (await import('./memory.ts')).benchMemory,
  },
  coldstart: {
    what: 'from the start of the agent to the first classified frame',
    load: async () => (await import('./cold-start.ts')).benchColdStart,
  },
  switch: {
    what: 'how long a change of the model takes, and what it loses',
    load: async () => (await import('./switch.ts')).benchSwitch,
  },
};

/** Lines of a help text. */
export const formatSubjects = (subjects: Readonly<Record<string, { readonly what: string }>>): string =>
  Object.entries(subjects)
    .map(([name, { what }]) => `  ${name.padEnd(10)}${what}`)
    .join('\n');
