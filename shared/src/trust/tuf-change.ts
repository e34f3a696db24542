import { DIRECTOR_TARGET, listDirectorKeys, nameDirectorKey } from './director-target.ts';
import {
  DELEGATED_PATHS,
  type OfflineSigned,
  type RoleKeys,
  type RootSigned,
  type TargetsSigned,
  type TufKey,
} from './tuf-metadata.ts';

/** What a signature would make true, in words for the person who is about to sign. */
export function describeTufChange(
  before: OfflineSigned | undefined,
  after: OfflineSigned,
): readonly string[] {
  const version = before === undefined ? 'first version' : `version ${before.version} -> ${after.version}`;
  const head = `${version}, expires ${after.expires}`;
  if (after._type === 'root') {
    return [
      head,
      ...changesOfRoles(rolesOfRoot(before?._type === 'root' ? before : undefined), rolesOfRoot(after)),
    ];
  }
  const known = before?._type === 'targets' ? before : undefined;
  return [
    head,
    ...changesOfTargets(known, after),
    ...changesOfDirector(known, after),
    ...changesOfRoles(rolesOfTargets(known), rolesOfTargets(after)),
  ];
}

interface NamedRole extends RoleKeys {
  readonly publics: readonly string[];
  readonly paths?: readonly string[];
}
type Roles = Readonly<Record<string, NamedRole>>;

const withPublics = (role: RoleKeys, keys: Readonly<Record<string, TufKey>>) => ({
  ...role,
  publics: role.keyids.map((id) => keys[id]?.keyval.public ?? id),
});

function rolesOfRoot(root: RootSigned | undefined): Roles {
  if (root === undefined) return {};
  return Object.fromEntries(
    Object.entries(root.roles).map(([name, role]) => [name, withPublics(role, root.keys)]),
  );
}

function rolesOfTargets(targets: TargetsSigned | undefined): Roles {
  const { delegations } = targets ?? {};
  if (delegations === undefined) return {};
  return Object.fromEntries(
    delegations.roles.map((role) => [
      role.name,
      { ...withPublics(role, delegations.keys), paths: role.paths },
    ]),
  );
}

function changesOfRoles(before: Roles, after: Roles): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    if (now === undefined) return [`${name} is no longer delegated`];
    const [had, has] = [old?.publics ?? [], now.publics];
    return [
      ...has.filter((key) => !had.includes(key)).map((key) => `${name}: key ${key} may sign`),
      ...had.filter((key) => !has.includes(key)).map((key) => `${name}: key ${key} may no longer sign`),
      ...(old?.threshold === now.threshold
        ? []
        : [`${name}: ${now.threshold} of ${has.length} keys must sign`]),
      ...changeOfPaths(name, old?.paths, now.paths),
    ];
  });
}

function changeOfPaths(
  name: string,
  before: readonly string[] = [],
  after: readonly string[] = [],
): readonly string[] {
  const usual: readonly string[] =
    (DELEGATED_PATHS as Readonly<Record<string, readonly string[]>>)[name] ?? [];
  if (after.join() === before.join() || after.join() === usual.join()) return [];
  return [`${name}: may name ${after.join(', ')}`];
}

function changesOfTargets(before: TargetsSigned | undefined, after: TargetsSigned): readonly string[] {
  const old = before?.targets ?? {};
  return [
    ...Object.entries(after.targets).flatMap(([path, target]) => {
      if (path === DIRECTOR_TARGET) return [];
      const known = old[path];
      const counter = target.custom?.releaseCounter;
      const what = `${path}: sha256 ${target.hashes.sha256}, ${target.length} bytes${counter === undefined ? '' : `, release counter ${counter}`}`;
      if (known === undefined) return [`adds ${what}`];
      return JSON.stringify(known) === JSON.stringify(target) ? [] : [`REPLACES ${what}`];
    }),
    ...Object.keys(old)
      .filter((path) => after.targets[path] === undefined)
      .map((path) => `removes ${path}`),
  ];
}

function changesOfDirector(before: TargetsSigned | undefined, after: TargetsSigned): readonly string[] {
  const had = (before === undefined ? undefined : listDirectorKeys(before)) ?? [];
  const has = listDirectorKeys(after) ?? [];
  return [
    ...has
      .filter((key) => !had.includes(key))
      .map((key) => `director: key ${nameDirectorKey(key)} may give orders to boxes`),
    ...had
      .filter((key) => !has.includes(key))
      .map((key) => `director: key ${nameDirectorKey(key)} may no longer give orders`),
  ];
}
