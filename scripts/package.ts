import { PACKAGE_HELP, parsePackageArguments } from './package/arguments.ts';
import { buildPackages } from './package/build.ts';

const MB = 1_000_000;

async function main(): Promise<void> {
  const request = parsePackageArguments(process.argv.slice(2));
  if (request === 'help') {
    process.stdout.write(PACKAGE_HELP);
    return;
  }
  await buildPackages(request, ({ path, packedBytes, installedBytes }) => {
    const [packed, installed] = [packedBytes, installedBytes].map((bytes) => (bytes / MB).toFixed(1));
    process.stdout.write(`${path}  ${packed} MB, ${installed} MB installed\n`);
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`package: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
