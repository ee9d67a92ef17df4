/** The replication slot, for which the server keeps the WAL that has not been received yet. */
import type { ClientBase } from "pg";

export const slotName = "pgmoor_backup";

/**
 * Has the server have the slot. One that was given up, since its reader was away for longer than the server's disk allows
 * (`max_slot_wal_keep_size`), is made anew.
 * @returns whether WAL was lost, so that no restore can go past this point from an older backup
 */
export async function ensureSlot(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ status: string | null; active: boolean }>(
    "SELECT wal_status AS status, active FROM pg_replication_slots WHERE slot_name = $1",
    [slotName],
  );
  const [slot] = rows;
  const lost = slot?.status === "lost";
  if (lost) await client.query("SELECT pg_drop_replication_slot($1)", [slotName]);
  if (slot === undefined || lost)
    await client.query("SELECT pg_create_physical_replication_slot($1, true)", [slotName]);
  return lost;
}
