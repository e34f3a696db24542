import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMissingFeatures, parseCpuFeatures } from './cpu-features.ts';

const X86 =
  'processor\t: 0\nflags\t\t: fpu sse4_1 avx2 avx512_vnni\nbugs\t\t:\n\nprocessor\t: 1\nflags\t\t: fpu\n';
const ARM = 'processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd asimdhp asimddp\nCPU part\t: 0xd0b\n';

for (const [name, cpuinfo, wanted, missing] of [
  ['x86 has what it lists', X86, ['avx2', 'avx512_vnni'], []],
  ['x86 lacks what it does not list', X86, ['avx2', 'amx_int8'], ['amx_int8']],
  ['a bug or another line is no feature', X86, ['bugs'], ['bugs']],
  ['dots, dashes and capitals do not matter', X86, ['SSE4.1', 'AVX512-VNNI', 'avx512vnni'], []],
  ['ARM has what it lists', ARM, ['asimddp'], []],
  ['ARM features go by their common names too', ARM, ['neon', 'dotprod', 'fp16'], []],
  ['ARM lacks what it does not list', ARM, ['i8mm'], ['i8mm']],
  ['features of another architecture are missing', ARM, ['avx2'], ['avx2']],
  ['a variant without wishes runs anywhere', X86, [], []],
  ['where the system names no features, nothing is missed', '', ['avx2'], []],
] as const)
  test(name, () => assert.deepEqual(findMissingFeatures(wanted, parseCpuFeatures(cpuinfo)), missing));
