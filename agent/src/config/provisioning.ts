import { createProblemFinder, listProblems } from '@watchpost/shared/kernel/parse.ts';
import Type, { type Static } from 'typebox';
import { agentError } from '../kernel/errors.ts';

/** What a provisioning file holds beyond the keys of agent.yaml: what those only name files for, and the token. */
const Provisioning = Type.Object({
  token: Type.String({ minLength: 1, maxLength: 4096 }),
  server: Type.Object({ ca: Type.Optional(Type.String()) }),
  trust: Type.Optional(Type.Object({ root: Type.Optional(Type.String()) })),
  cameras: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), credentials: Type.Optional(Type.String()) })),
  ),
});
type Provisioning = Readonly<Static<typeof Provisioning>>;

/** A file to lay in the folder of agent.yaml. */
export interface ProvisionedFile {
  readonly name: string;
  readonly content: string;
  /** Only the agent and root may read it. */
  readonly isSecret: boolean;
}

export interface ProvisioningPlan {
  readonly token: string;
  /** For agent.yaml; not checked yet. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly files: readonly ProvisionedFile[];
}

export const CA_FILE = 'ca.crt';
export const ROOT_FILE = '1.root.json';
const findProblems = createProblemFinder(Provisioning);

/**
 * Takes a provisioning file apart.
 * @param folder where agent.yaml lies
 * @throws AppError CONFIG_INVALID
 */
export function planProvisioning(name: string, content: unknown, folder: string): ProvisioningPlan {
  const problems = findProblems(content);
  if (problems.length > 0) throw agentError('CONFIG_INVALID', `${name}: ${listProblems(problems)}`);
  const { token, server, trust, cameras, ...settings } = content as Provisioning;
  const { ca, ...ownServer } = server;
  const { root, ...ownTrust } = trust ?? {};
  const watched = (cameras ?? []).map((camera) => planCamera(camera, folder));
  return {
    token,
    settings: {
      schemaVersion: 1,
      ...settings,
      server: { ...ownServer, ...(ca !== undefined && { caFile: `${folder}/${CA_FILE}` }) },
      trust: { ...ownTrust, ...(root !== undefined && { rootFile: `${folder}/${ROOT_FILE}` }) },
      cameras: watched.map(({ camera }) => camera),
    },
    files: [
      ...(ca === undefined ? [] : [{ name: CA_FILE, content: ca, isSecret: false }]),
      ...(root === undefined ? [] : [{ name: ROOT_FILE, content: root, isSecret: false }]),
      ...watched.flatMap(({ file }) => file ?? []),
    ],
  };
}

type Camera = NonNullable<Provisioning['cameras']>[number];

function planCamera(
  { credentials, ...camera }: Camera,
  folder: string,
): { readonly camera: unknown; readonly file?: ProvisionedFile } {
  if (credentials === undefined) return { camera };
  const name = `cameras/${camera.id}.credentials`;
  return {
    camera: { ...camera, credentialsFile: `${folder}/${name}` },
    file: { name, content: `${credentials}\n`, isSecret: true },
  };
}
