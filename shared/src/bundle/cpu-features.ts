/** What others call a feature, and what the kernel calls it. */
const KERNEL_NAMES: Readonly<Record<string, string>> = {
  neon: 'asimd',
  dotprod: 'asimddp',
  fp16: 'asimdhp',
  sve_i8mm: 'svei8mm',
  avx512vnni: 'avx512_vnni',
  avxvnni: 'avx_vnni',
};

/** /proc/cpuinfo: `flags` of x86, `Features` of ARM, of the first core; undefined where it names none. */
export function parseCpuFeatures(cpuinfo: string): ReadonlySet<string> | undefined {
  const list = /^(?:flags|Features)[ \t]*:(.*)$/m.exec(cpuinfo)?.[1];
  const names = list?.trim().split(/\s+/).filter(Boolean) ?? [];
  return names.length === 0 ? undefined : new Set(names);
}

/** Those of `wanted` this processor lacks. Nothing is missed where its features are not known: then the run decides. */
export function findMissingFeatures(
  wanted: readonly string[],
  present: ReadonlySet<string> | undefined,
): readonly string[] {
  if (present === undefined) return [];
  return wanted.filter((name) => !present.has(toKernelName(name)));
}

function toKernelName(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[-.]/g, '_');
  return KERNEL_NAMES[plain] ?? plain;
}
