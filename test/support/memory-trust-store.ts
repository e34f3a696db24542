import type { TrustFile, TrustStore } from '../../fleet-server/src/store/port.ts';

/** Documents of the trust chain in memory. */
export function createMemoryTrustStore(): TrustStore {
  const files = new Map<string, TrustFile>();
  const staged = new Map<string, string>();
  return {
    readFile: async (name) => files.get(name)?.body,
    newest: async (role) =>
      [...files.values()].filter((file) => file.role === role).sort((a, b) => b.version - a.version)[0]?.body,
    staged: async () => [...staged].map(([role, body]) => ({ role, body })),
    stage: async (documents) => {
      for (const { role, body } of documents) staged.set(role, body);
    },
    publish: async (added, unstage) => {
      for (const file of added) files.set(file.name, file);
      for (const role of unstage) staged.delete(role);
    },
  };
}
