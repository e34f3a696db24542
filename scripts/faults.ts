/** `npm run faults`: see test/faults/matrix, which is not part of the program of the scripts. */
await import(new URL('../test/faults/matrix/cli.ts', import.meta.url).href);
