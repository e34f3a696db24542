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

${Object.entries(SUBJECTS)
  .map(([name, { what }]) => `  ${name.padEnd(10)}${what}`)
  .join('\n')}
`;

const [name = '--help'] = process.argv.splice(2, 1);
const subject = SUBJECTS[name];
if (subject !== undefined) await subject.load();
else if (name === '--help') process.stdout.write(HELP);
else {
  process.stderr.write(`bench: there is no subject ${name}; npm run bench -- --help lists them\n`);
  process.exitCode = 2;
}
