/** `npm run soak`: see test/faults/soak, which is not part of the program of the scripts. */
await import(new URL('../test/faults/soak/cli.ts', import.meta.url).href);
