import type { ClientBase } from "pg";
import { Refused } from "../base/errors";

/**
 * That a session sees and may fill every row of its tables. A policy that binds the owner as well (FORCE ROW LEVEL SECURITY)
 * would hide rows: a table would be taken for empty, and COPY is not allowed into it.
 * @throws Refused naming the tables, and what an admin can do.
 */
export async function requireAllRows(client: ClientBase): Promise<void> {
  const result = await client.query<{ name: string; role: string }>(`
    SELECT c.oid::regclass::text AS name, current_user AS role FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relforcerowsecurity AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
      AND row_security_active(c.oid) ORDER BY 1`);
  if (result.rows.length === 0) return;
  throw new Refused(
    forced(
      result.rows.map(({ name }) => name),
      result.rows[0]!.role,
      "of the target",
    ),
  );
}

/** @param where whose tables they are: `of the target`. */
export function forced(tables: readonly string[], role: string, where: string): string {
  return (
    `tables ${where} have FORCE ROW LEVEL SECURITY (${tables.join(", ")}): role ${role} would not see all of their rows. As the ` +
    `admin, run: ALTER ROLE ${role} BYPASSRLS. After the move, run: ALTER ROLE ${role} NOBYPASSRLS`
  );
}
