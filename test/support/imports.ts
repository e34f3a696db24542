import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One import of a source file; `target` is a project path for our own files, else the bare name of a package. */
export interface Import {
  readonly from: string;
  readonly target: string;
  readonly own: boolean;
}

const STATEMENT =
  /^\s*(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

/** Every import of the TypeScript sources below `folders`, tests left out; paths relative to the project. */
export async function readImports(folders: readonly string[]): Promise<readonly Import[]> {
  const files: string[] = [];
  for (const folder of folders) {
    for await (const file of glob(`${folder}/**/*.{ts,tsx}`, { cwd: ROOT })) {
      if (!file.includes('.test.') && !file.includes('node_modules') && !file.includes('/dist/'))
        files.push(file);
    }
  }
  return files.flatMap((file) => importsOf(file, readFileSync(join(ROOT, file), 'utf8')));
}

function importsOf(file: string, text: string): readonly Import[] {
  return [...text.matchAll(STATEMENT)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    if (name.startsWith('.')) return { from: file, target: normalize(join(dirname(file), name)), own: true };
    if (name.startsWith('@watchpost/')) return { from: file, target: projectPath(name), own: true };
    return { from: file, target: packageName(name), own: false };
  });
}

function projectPath(name: string): string {
  const [, workspace, ...rest] = name.split('/');
  return [workspace, 'src', ...rest].join('/');
}

function packageName(name: string): string {
  const parts = name.split('/');
  return name.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? name);
}

/** The first cycle found among own files, as a path that ends where it starts; undefined when there is none. */
export function findCycle(imports: readonly Import[]): readonly string[] | undefined {
  const edges = new Map<string, string[]>();
  for (const { from, target, own } of imports) if (own) edges.set(from, [...(edges.get(from) ?? []), target]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const target of edges.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
