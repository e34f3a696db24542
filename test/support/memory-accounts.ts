import type { AccountStore, SessionRecord } from '../../fleet-server/src/store/port.ts';

/** Users and sessions in memory. */
export function createMemoryAccounts(): AccountStore {
  const hashes = new Map<string, string>();
  const sessions = new Map<string, SessionRecord>();
  return {
    findPasswordHash: async (user) => hashes.get(user),
    setPasswordHash: async (user, hash) => void hashes.set(user, hash),
    addSession: async (session) => void sessions.set(session.tokenSha256, session),
    findSession: async (tokenSha256) => sessions.get(tokenSha256),
    deleteSession: async (tokenSha256) => void sessions.delete(tokenSha256),
  };
}
