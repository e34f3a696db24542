import { EDGE_SUBJECTS, formatSubjects } from './bench/edge/subjects.ts';

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

const HELP = `Figures of Watchpost, measured on this machine; the last line is JSON.

  npm run bench -- SUBJECT [OPTIONS]

${formatSubjects(SUBJECTS)}

  npm run bench -- EDGE-SUBJECT … [OPTIONS]      what the agent costs; --help tells of the options

${formatSubjects(EDGE_SUBJECTS)}
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
