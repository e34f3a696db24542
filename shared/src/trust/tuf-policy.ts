import { findDirectorProblems } from './director-target.ts';
import {
  computeTufKeyId,
  DELEGATED_PATHS,
  type Envelope,
  isDelegatedRole,
  type OfflineRole,
  type OfflineSigned,
  type RoleKeys,
  type RootSigned,
  type TargetsSigned,
  type TufKey,
} from './tuf-metadata.ts';

/** Rules beyond the specification that publisher and box share: what one refuses to publish the other refuses to trust. */

type KeyTable = Readonly<Record<string, TufKey>>;
const TOP_LEVEL = ['root', 'targets', 'snapshot', 'timestamp'];

/** @returns everything that is wrong with a document of `role`, in words; nothing when it is sound */
export function findTufProblems(role: OfflineRole, signed: OfflineSigned): readonly string[] {
  if (signed._type === 'root') {
    return role === 'root' ? findRootProblems(signed) : [`a root cannot stand for ${role}`];
  }
  if (role === 'root') return ['targets cannot stand for root'];
  return isDelegatedRole(role) ? findDelegateProblems(role, signed) : findTargetsProblems(signed);
}

function findRootProblems({ keys, roles: { root, targets, snapshot, timestamp, ...others } }: RootSigned) {
  const known = { root, targets, snapshot, timestamp };
  return [
    ...findKeyProblems(keys),
    ...Object.entries(known).flatMap(([name, role]) => findRoleProblems(name, role, keys)),
    // Unchecked: the schema lets anything stand there.
    ...Object.keys(others).map((name) => `root knows no role "${name}"`),
  ];
}

function findTargetsProblems(signed: TargetsSigned): readonly string[] {
  return [...findDirectorProblems(signed), ...findDelegationProblems(signed)];
}

function findDelegationProblems({ delegations }: TargetsSigned): readonly string[] {
  if (delegations === undefined) return [];
  const { keys, roles } = delegations;
  const names = roles.map(({ name }) => name);
  return [
    ...findKeyProblems(keys),
    ...roles.flatMap((role) => findRoleProblems(role.name, role, keys)),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `${name} is delegated twice`),
    ...roles.flatMap(({ name, paths }) =>
      paths.filter((path) => !path.startsWith(`${name}/`)).map((path) => `${name} may not be given ${path}`),
    ),
    // A delegation by such a name would stand in for the role itself.
    ...names
      .filter((name) => TOP_LEVEL.includes(name))
      .map((name) => `a delegation may not be called ${name}`),
  ];
}

function findDelegateProblems(role: keyof typeof DELEGATED_PATHS, signed: TargetsSigned): readonly string[] {
  return [
    ...(signed.delegations === undefined ? [] : [`${role} may not delegate further`]),
    ...Object.keys(signed.targets)
      .filter((path) => !matchesAny(path, DELEGATED_PATHS[role]))
      .map((path) => `${path} is outside of ${DELEGATED_PATHS[role].join(', ')}`),
  ];
}

/** The same key under two ids would count twice towards a threshold. */
function findKeyProblems(keys: KeyTable): readonly string[] {
  const entries = Object.entries(keys);
  const materials = entries.map(([, { keyval }]) => keyval.public);
  return entries.flatMap(([id, key], index) => [
    ...(computeTufKeyId(key) === id ? [] : [`key ${id} is not named by its digest`]),
    ...(materials.indexOf(key.keyval.public) === index ? [] : [`key ${id} is there under another id too`]),
  ]);
}

function findRoleProblems(name: string, { keyids, threshold }: RoleKeys, keys: KeyTable): readonly string[] {
  const missing = keyids.filter((id) => keys[id] === undefined);
  const materials = new Set(keyids.map((id) => keys[id]?.keyval.public).filter((key) => key !== undefined));
  return [
    ...missing.map((id) => `key ${id} of ${name} is not given`),
    ...(materials.size >= threshold
      ? []
      : [`${name} needs ${threshold} signatures, but has ${materials.size} keys`]),
  ];
}

function matchesAny(path: string, patterns: readonly string[]): boolean {
  const parts = path.split('/');
  return patterns.some((pattern) => {
    const wanted = pattern.split('/');
    return (
      wanted.length === parts.length &&
      wanted.every((want, index) =>
        want === '*' ? /^[0-9A-Za-z][0-9A-Za-z.+-]*$/.test(parts[index] ?? '') : want === parts[index],
      )
    );
  });
}

/** The keys that sign `role`, by the document that names them. @returns undefined when it names none */
export function findSigners(
  role: string,
  delegator: Envelope<OfflineSigned>,
):
  | { readonly keys: readonly (readonly [id: string, key: TufKey])[]; readonly threshold: number }
  | undefined {
  const { signed } = delegator;
  const [table, found] =
    signed._type === 'root'
      ? [signed.keys, (signed.roles as Readonly<Record<string, RoleKeys>>)[role]]
      : [signed.delegations?.keys ?? {}, signed.delegations?.roles.find(({ name }) => name === role)];
  if (found === undefined) return undefined;
  const keys = found.keyids.flatMap((id) => {
    const key = table[id];
    return key === undefined ? [] : [[id, key] as const];
  });
  return { keys, threshold: found.threshold };
}
