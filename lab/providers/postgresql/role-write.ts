import type { Wanted } from "../protocol/schema";
import type { attributes } from "./role-attributes";
import type { Role } from "./role-read";
import { scramVerifier } from "./scram";
import type { Session } from "./server";
import { identifier, literal } from "./sql";

type WantedRole = Wanted<typeof attributes>;

/** Makes a role with all that belongs to it. */
export async function createRole(session: Session, role: WantedRole, password: string | null): Promise<void> {
  const options = [...(await passwordOption(password)), ...optionsOf(role)];
  await session.query(`CREATE ROLE ${identifier(role.name)} WITH ${options.join(" ")}`);
  await grantRoles(session, role);
  await set(session, role);
}

/**
 * Makes of a role what is wanted.
 *
 * @param password null keeps the one it has
 */
export async function alterRole(
  session: Session,
  prior: Role,
  role: WantedRole,
  password: string | null,
): Promise<void> {
  const name = identifier(role.name);
  if (prior.name !== null && prior.name !== role.name) {
    await session.query(`ALTER ROLE ${identifier(prior.name)} RENAME TO ${name}`);
  }
  const options = [...(await passwordOption(password)), ...optionsOf(role, prior)];
  if (options.length > 0) await session.query(`ALTER ROLE ${name} WITH ${options.join(" ")}`);
  await revokeRoles(session, role);
  await grantRoles(session, role);
  await set(session, role);
}

/** The word NULL takes the password away, as with the real provider. */
async function passwordOption(password: string | null): Promise<string[]> {
  if (password === null || password === "") return [];
  if (password.toUpperCase() === "NULL") return ["PASSWORD NULL"];
  return [`PASSWORD ${literal(await scramVerifier(password))}`];
}

const switches = [
  ["superuser", "SUPERUSER"],
  ["create_database", "CREATEDB"],
  ["create_role", "CREATEROLE"],
  ["inherit", "INHERIT"],
  ["login", "LOGIN"],
  ["replication", "REPLICATION"],
  ["bypass_row_level_security", "BYPASSRLS"],
] as const;

/** The options that differ from `prior`: to name SUPERUSER at all takes a superuser. */
function optionsOf(role: WantedRole, prior?: Role): string[] {
  const options = switches
    .filter(([name]) => role[name] !== prior?.[name])
    .map(([name, word]) => (role[name] ? word : `NO${word}`));
  if (role.connection_limit !== prior?.connection_limit)
    options.push(`CONNECTION LIMIT ${role.connection_limit}`);
  if (role.valid_until !== prior?.valid_until) options.push(`VALID UNTIL ${literal(role.valid_until)}`);
  return options;
}

async function revokeRoles(session: Session, { name }: WantedRole): Promise<void> {
  const held = await session.query<{ name: string }>(
    `SELECT DISTINCT pg_get_userbyid(roleid)::text AS name FROM pg_auth_members
       JOIN pg_roles ON member = pg_roles.oid WHERE rolname = $1`,
    [name],
  );
  for (const role of held) await session.query(`REVOKE ${identifier(role.name)} FROM ${identifier(name)}`);
}

async function grantRoles(session: Session, { name, roles }: WantedRole): Promise<void> {
  for (const role of roles ?? []) await session.query(`GRANT ${identifier(role)} TO ${identifier(name)}`);
}

/** The settings that every session of the role starts with. */
async function set(session: Session, role: WantedRole): Promise<void> {
  const settings: [name: string, value: string | undefined][] = [
    ["search_path", role.search_path?.map(identifier).join(", ") || undefined],
    ["statement_timeout", role.statement_timeout ? String(role.statement_timeout) : undefined],
    [
      "idle_in_transaction_session_timeout",
      role.idle_in_transaction_session_timeout ? String(role.idle_in_transaction_session_timeout) : undefined,
    ],
    ["role", role.assume_role ? identifier(role.assume_role) : undefined],
  ];
  for (const [name, value] of settings) {
    const change = value === undefined ? `RESET ${name}` : `SET ${name} TO ${value}`;
    await session.query(`ALTER ROLE ${identifier(role.name)} ${change}`);
  }
}
