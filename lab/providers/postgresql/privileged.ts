import { identifier } from "./sql";
import type { Session } from "./server";

/**
 * What the real provider does so that an admin who is no superuser can work on what others own, and so
 * that grants at the same time do not meet.
 */

/** Until when a lock is held. */
type Span = "transaction" | "session";

/** Waits for the locks of a role and its members. */
export async function lockRole(session: Session, role: string, until: Span = "transaction"): Promise<void> {
  await lock(session, until, "oid", "pg_roles WHERE rolname = $1", role);
  await lock(
    session,
    until,
    "member",
    "pg_auth_members JOIN pg_roles ON roleid = pg_roles.oid WHERE rolname = $1",
    role,
  );
}

/** Waits for the lock of a database. */
export async function lockDatabase(session: Session, database: string): Promise<void> {
  await lock(session, "transaction", "oid", "pg_database WHERE datname = $1", database);
}

async function lock(session: Session, until: Span, key: string, from: string, name: string): Promise<void> {
  await session.query("SET statement_timeout = 0");
  const take = until === "session" ? "pg_advisory_lock" : "pg_advisory_xact_lock";
  await session.query(`SELECT ${take}(${key}::bigint) FROM ${from}`, [name]);
}

/** Works as a member of roles: the session's user is made one where it needs to be, and not left one. */
export async function asMemberOf<T>(session: Session, roles: string[], work: () => Promise<T>): Promise<T> {
  const [me] = await session.query<{ name: string; super: boolean }>(
    "SELECT rolname AS name, rolsuper AS super FROM pg_roles WHERE rolname = current_user",
  );
  if (!me || me.super) return work();
  const superusers = await session.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_roles WHERE rolsuper AND rolname = ANY ($1)",
    [roles],
  );
  const wanted = roles.filter((role) => role !== me.name && !superusers.some(({ name }) => name === role));
  const undo: string[] = [];
  for (const role of wanted) {
    const [theirs, mine] = [identifier(role), identifier(me.name)];
    // Two roles cannot be members of each other.
    if (await isMember(session, me.name, role)) {
      await session.query(`REVOKE ${mine} FROM ${theirs}`);
      undo.push(`GRANT ${mine} TO ${theirs}`);
    }
    if (!(await isMember(session, role, me.name))) {
      await session.query(`GRANT ${theirs} TO ${mine}`);
      undo.unshift(`REVOKE ${theirs} FROM ${mine}`);
    }
  }
  try {
    const result = await work();
    for (const statement of undo) await session.query(statement);
    return result;
  } catch (error) {
    // In a transaction this fails, and the transaction undoes it all.
    for (const statement of undo) await session.query(statement).catch(() => undefined);
    throw error;
  }
}

/** Whether `member` may act as `role`; since PostgreSQL 16 a membership may be without that. */
async function isMember(session: Session, role: string, member: string): Promise<boolean> {
  const rows = await session.query<{ membership: { set_option?: boolean } }>(
    `SELECT to_jsonb(m) AS membership FROM pg_auth_members m
      WHERE pg_get_userbyid(roleid) = $1 AND pg_get_userbyid(member) = $2`,
    [role, member],
  );
  return rows.some(({ membership }) => membership.set_option !== false);
}
