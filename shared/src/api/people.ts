import Type, { type Static } from 'typebox';
import { Sha256, UnixMs } from '../kernel/ids.ts';

const closed = { additionalProperties: false } as const;

/**
 * What a person may do. `viewer` reads; `operator` also changes the fleet; `qa` reads and certifies models; `admin`
 * may do all of it, and looks after people.
 */
export const Role = Type.Enum(['viewer', 'operator', 'qa', 'admin']);
export type Role = Static<typeof Role>;

export const UserName = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
  description: 'a-z, 0-9, point, dash and underscore',
});
const Roles = Type.Array(Role, { minItems: 1, maxItems: 4, uniqueItems: true });
const NewPassword = Type.String({ minLength: 12, maxLength: 256 });

export const UserView = Type.Object(
  { name: Type.String(), roles: Type.Array(Role), disabled: Type.Boolean(), createdAtMs: UnixMs },
  closed,
);
export type UserView = Static<typeof UserView>;
export const UserList = Type.Object({ users: Type.Array(UserView) }, closed);

/** POST /api/v1/users */
export const NewUser = Type.Object({ name: UserName, password: NewPassword, roles: Roles }, closed);
export type NewUser = Static<typeof NewUser>;

/** PATCH /api/v1/users/:name */
export const UserChange = Type.Object(
  { roles: Type.Optional(Roles), disabled: Type.Optional(Type.Boolean()) },
  { ...closed, minProperties: 1 },
);
export type UserChange = Static<typeof UserChange>;

/** POST /api/v1/users/:name/password; the old one is needed for one's own. */
export const PasswordChange = Type.Object(
  { password: NewPassword, oldPassword: Type.Optional(Type.String({ maxLength: 256 })) },
  closed,
);
export type PasswordChange = Static<typeof PasswordChange>;

/** POST /api/v1/api-tokens; without `user`, the token is for the one who asks. */
export const ApiTokenRequest = Type.Object(
  {
    description: Type.String({ minLength: 1, maxLength: 200 }),
    role: Role,
    user: Type.Optional(UserName),
    ttlDays: Type.Integer({ minimum: 1, maximum: 366, default: 90 }),
  },
  closed,
);
export type ApiTokenRequest = Static<typeof ApiTokenRequest>;

export const ApiTokenView = Type.Object(
  {
    id: Type.String(),
    user: Type.String(),
    role: Role,
    description: Type.String(),
    createdAtMs: UnixMs,
    expiresAtMs: UnixMs,
    lastUsedAtMs: Type.Optional(UnixMs),
  },
  closed,
);
export type ApiTokenView = Static<typeof ApiTokenView>;
export const ApiTokenList = Type.Object({ tokens: Type.Array(ApiTokenView) }, closed);
/** The token is shown once and stored as a hash. */
export const ApiTokenReply = Type.Object({ token: Type.String(), info: ApiTokenView }, closed);
export type ApiTokenReply = Static<typeof ApiTokenReply>;

/** One entry of the audit log, tied to the one before it by `previousHash`. */
export const AuditRecord = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    atMs: UnixMs,
    actor: Type.Object({ kind: Type.Enum(['user', 'device', 'system']), id: Type.String() }, closed),
    action: Type.String(),
    subject: Type.String(),
    details: Type.Record(Type.String(), Type.Unknown()),
    previousHash: Sha256,
    hash: Sha256,
  },
  closed,
);
export type AuditRecord = Static<typeof AuditRecord>;

/** GET /api/v1/audit, oldest first; `next` is the `after` of the page that follows. */
export const AuditPage = Type.Object(
  { entries: Type.Array(AuditRecord), next: Type.Optional(Type.Integer()) },
  closed,
);
export type AuditPage = Static<typeof AuditPage>;
