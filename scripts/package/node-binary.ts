import type { Cpu } from './target.ts';

/** The Node that boxes run: that of package.json, as its binary packages are published. Change all three together. */
const VERSION = '24.21.0';
const INTEGRITY: Readonly<Record<Cpu, string>> = {
  x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};

export const nodeBinary = (cpu: Cpu) =>
  ({ name: `node-linux-${cpu}`, version: VERSION, integrity: INTEGRITY[cpu] }) as const;
