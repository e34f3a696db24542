import { parseArgs } from 'node:util';
import { ARCHITECTURES, type Architecture, PROGRAMS, type Program } from './target.ts';

/** What `npm run package` was asked to build. */
export interface PackageRequest {
  readonly programs: readonly Program[];
  readonly architectures: readonly Architecture[];
  readonly folder: string;
  /** Of the packages, in place of that of package.json. */
  readonly version: string | undefined;
  readonly isPacked: boolean;
}

export const PACKAGE_HELP = `Watchpost packages: agent and server for Debian, compiled, with a Node of their own.

  npm run package -- [agent|server ...] [--arch amd64|arm64 ...]
      build them; default: both programs for both architectures

  --arch A        amd64 or arm64; may be given twice
  --out DIR       where the .deb files go (default dist)
  --version V     version of the packages (default: that of package.json)
  --fast          do not compress: quicker to build, for trying
  --help          this text

Needs dpkg-deb, npm and git. What belongs to another architecture comes from the package registry
that npm is set to, once, and is kept in .cache/packages. The same commit gives the same bytes.
`;

/** @throws Error that says which argument is wrong */
export function parsePackageArguments(args: readonly string[]): PackageRequest | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      arch: { type: 'string', multiple: true, default: [...ARCHITECTURES] },
      out: { type: 'string', default: 'dist' },
      version: { type: 'string' },
      fast: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.version !== undefined && !/^\d[0-9A-Za-z.+~]*$/.test(values.version))
    throw new Error(`--version ${values.version} is not a version of a Debian package`);
  return {
    programs: chosen(PROGRAMS, positionals.length === 0 ? PROGRAMS : positionals, 'program'),
    architectures: chosen(ARCHITECTURES, values.arch, 'architecture'),
    folder: values.out,
    version: values.version,
    isPacked: !values.fast,
  };
}

function chosen<Name extends string>(
  known: readonly Name[],
  given: readonly string[],
  what: string,
): readonly Name[] {
  const stranger = given.find((name) => !known.some((one) => one === name));
  if (stranger !== undefined) throw new Error(`no ${what} "${stranger}"; there are ${known.join(' and ')}`);
  return known.filter((name) => given.includes(name));
}
