import { parseProcessStat } from '../../kernel/process-stat.ts';
import { parseStatusBytes } from '../../kernel/process-status.ts';
import type { Sample } from '../port.ts';
import { listDescendants, nameProcess, parseChildren } from './process-parse.ts';
import type { SysFiles } from './sys-files.ts';

type ProcessSample = NonNullable<Sample['memory']['processes']>[number];

/** What a process and everything it started keep in memory. */
export interface Processes {
  /** Itself first, as `agent`. */
  read(): Promise<readonly ProcessSample[]>;
}

/** A box with more of them has another problem. */
const MAX_PROCESSES = 256;

/** @param pid of the agent */
export function createProcProcesses(files: SysFiles, pid: number): Processes {
  let tellsChildren: Promise<boolean> | undefined;
  return {
    read: async () => {
      tellsChildren ??= files.list(`proc/${pid}/task/${pid}`, /^children$/).then((found) => found.length > 0);
      const list = (await tellsChildren) ? listByTask : listByParent;
      const children = (await list(files, pid)).slice(0, MAX_PROCESSES - 1);
      const read = [pid, ...children].map((each) => readProcess(files, each, pid));
      return (await Promise.all(read)).flat();
    },
  };
}

async function readProcess(
  files: SysFiles,
  pid: number,
  agentPid: number,
): Promise<readonly ProcessSample[]> {
  const [status, commandLine] = await Promise.all([
    files.read(`proc/${pid}/status`),
    pid === agentPid ? '' : files.read(`proc/${pid}/cmdline`),
  ]);
  const rssBytes = parseStatusBytes(status, 'VmRSS');
  const name = pid === agentPid ? 'agent' : nameProcess(commandLine);
  return rssBytes === undefined ? [] : [{ name, pid, rssBytes }];
}

/** A few files, where the kernel has them. */
async function listByTask(files: SysFiles, pid: number): Promise<readonly number[]> {
  const tasks = await files.list(`proc/${pid}/task`, /^\d+$/);
  const told = await Promise.all(tasks.map((task) => files.read(`${task}/children`)));
  const children = told.flatMap(parseChildren);
  const below = await Promise.all(children.map((child) => listByTask(files, child)));
  return [...children, ...below.flat()];
}

/** A file of every process there is: dear, on kernels without CONFIG_PROC_CHILDREN. */
async function listByParent(files: SysFiles, pid: number): Promise<readonly number[]> {
  const folders = await files.list('proc', /^\d+$/);
  const parents = folders.map(async (folder) => {
    const stat = parseProcessStat(await files.read(`${folder}/stat`));
    return stat === undefined ? [] : [[Number(folder.slice('proc/'.length)), stat.parentPid] as const];
  });
  return listDescendants(new Map((await Promise.all(parents)).flat()), pid);
}
