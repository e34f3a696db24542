import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** `npm run fuzz -- [--runs N] [--seed N] [--only contract|http]`: the properties of test/security, with many cases. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    only: { type: 'string', default: '*' },
  },
});

const { status } = spawnSync(process.execPath, ['--test', `test/security/fuzz-${values.only}.test.ts`], {
  stdio: 'inherit',
  env: {
    ...process.env,
    WATCHPOST_FUZZ_RUNS: values.runs,
    ...(values.seed === undefined ? {} : { WATCHPOST_FUZZ_SEED: values.seed }),
  },
});
process.exitCode = status ?? 1;
