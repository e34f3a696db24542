/** `npm run bench -- SUBJECT …`: each subject is a script of its own with its own `--help`. */
const SUBJECTS: Readonly<Record<string, { readonly what: string; readonly load: () => Promise<unknown> }>> = {
  rollout: {
    what: 'a fleet of ten thousand virtual boxes through a rollout, a kill -9 and a storm',
    load: () => import('./bench/rollout.ts'),
  },
  canary: {
    what: 'whether a worse model turns back, and an equal one goes on',
    load: () => import('./bench/canary.ts'),
  },
};
/** Several of these run in one call, with one set of options; they read the names themselves. */
const EDGE_SUBJECTS: Readonly<Record<string, string>> = {
  infer: 'one model run against the native time of the same run',
  pipeline: 'CPU of a 1080p frame from file to event, against ffmpeg + model, OpenCV, TensorFlow.js',
  idle: 'CPU of cameras at 5 fps, of an idle scene; delay to the decision; how many fit',
  memory: 'memory of the agent and its inference child, and its growth',
  coldstart: 'from the start of the agent to the first classified frame',
  switch: 'how long a change of the model takes, and what it loses',
};

const formatSubject = (name: string, what: string): string => `  ${name.padEnd(10)}${what}`;

const HELP = `Figures of Watchpost, measured on this machine; the last line is JSON.

  npm run bench -- SUBJECT [OPTIONS]

${Object.entries(SUBJECTS)
  .map(([name, { what }]) => formatSubject(name, what))
  .join('\n')}

  npm run bench -- EDGE-SUBJECT … [OPTIONS]      what the agent costs; --help tells of the options

${Object.entries(EDGE_SUBJECTS)
  .map(([name, what]) => formatSubject(name, what))
  .join('\n')}
`;

const name = process.argv[2] ?? '--help';
const subject = SUBJECTS[name];
if (subject !== undefined) {
  process.argv.splice(2, 1);
  await subject.load();
} else if (Object.hasOwn(EDGE_SUBJECTS, name)) await import('./bench/edge.ts');
else if (name === '--help') process.stdout.write(HELP);
else {
  process.stderr.write(`bench: there is no subject ${name}; npm run bench -- --help lists them\n`);
  process.exitCode = 2;
}
