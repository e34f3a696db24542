import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePackageArguments } from '../../scripts/package/arguments.ts';

test('nothing named builds both programs for both architectures', () => {
  assert.deepEqual(parsePackageArguments([]), {
    programs: ['agent', 'server'],
    architectures: ['amd64', 'arm64'],
    folder: 'dist',
    version: undefined,
    isPacked: true,
  });
});

test('programs, architectures, folder and version can be chosen', () => {
  assert.deepEqual(
    parsePackageArguments(['agent', '--arch', 'arm64', '--out', 'x', '--version', '1.2+3', '--fast']),
    {
      programs: ['agent'],
      architectures: ['arm64'],
      folder: 'x',
      version: '1.2+3',
      isPacked: false,
    },
  );
});

for (const [args, said] of [
  [['web'], /no program "web"; there are agent and server/],
  [['--arch', 'x86'], /no architecture "x86"/],
  [['--version', '../x'], /--version \.\.\/x is not a version/],
] as const) {
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(() => parsePackageArguments(args), said);
  });
}
