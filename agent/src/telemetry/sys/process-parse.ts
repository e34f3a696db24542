import { parseNumber } from './parse-number.ts';

/** Pids of `/proc/<pid>/task/<tid>/children`. */
export function parseChildren(children: string): readonly number[] {
  return children
    .trim()
    .split(/\s+/)
    .flatMap((text) => parseNumber(text) ?? []);
}

const MAX_NAME_CHARS = 32;

/**
 * What a process is called, from its command line: the script of a Node, else the program. Only names of files: its
 * arguments may hold the address of a camera.
 */
export function nameProcess(commandLine: string): string {
  const [program = '', ...rest] = commandLine.split('\0').filter(Boolean);
  const name = baseOf(program);
  const script = /^node\d*$/.test(name) ? rest.find((argument) => /\.[cm]?[jt]s$/.test(argument)) : undefined;
  const shown = script === undefined ? name : baseOf(script).replace(/\.[cm]?[jt]s$/, '');
  return shown.slice(0, MAX_NAME_CHARS) || 'unknown';
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** All that descend from `root`, nearest first, without it. @param parents of each process, by pid */
export function listDescendants(parents: ReadonlyMap<number, number>, root: number): readonly number[] {
  const childrenOf = Map.groupBy(parents, ([, parent]) => parent);
  const found = new Set([root]);
  // What is added while a set is walked is walked too.
  for (const parent of found) {
    for (const [pid] of childrenOf.get(parent) ?? []) found.add(pid);
  }
  return [...found].slice(1);
}
