import * as fs from "node:fs/promises";
import type { ClientBase } from "pg";

/**
 * Names of the folders of WAL: one for each unbroken stretch of a server's history. `SYSTEM-TIMELINE`, and with `.2`, `.3`, …
 * after WAL was lost. A restored server continues with a new timeline, and its WAL must not get among that of the history
 * that was left.
 */
export async function walFolderOf(client: ClientBase, wal: string, lost: boolean = false): Promise<string> {
  const { rows } = await client.query<{ system: string; timeline: number }>(
    "SELECT system_identifier::text AS system, timeline_id AS timeline FROM pg_control_system(), pg_control_checkpoint()",
  );
  const history = `${rows[0]!.system}-${rows[0]!.timeline}`;
  const there = await fs.readdir(wal).catch((): string[] => []);
  const parts = there.filter((name) => partsOf(name)?.history === history).map((name) => partsOf(name)!.part);
  const newest = Math.max(0, ...parts);
  const part = lost && newest > 0 ? newest + 1 : Math.max(1, newest);
  return part === 1 ? history : `${history}.${part}`;
}

function partsOf(
  name: string,
): { history: string; system: string; timeline: number; part: number } | undefined {
  const [, history, system, timeline, part = "1"] = /^((\d+)-(\d+))(?:\.(\d+))?$/.exec(name) ?? [];
  if (history === undefined || system === undefined) return undefined;
  return { history, system, timeline: Number(timeline), part: Number(part) };
}

/** The server's system identifier, which `initdb` makes: a restored server has that of the one that was backed up. */
export function systemOf(folder: string): string {
  return folder.split("-")[0]!;
}

/** Whether a folder of WAL belongs to an earlier stretch of the same server's history than another. */
export function isBefore(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  if (a === undefined || b === undefined || a.system !== b.system) return false;
  return a.timeline < b.timeline || (a.timeline === b.timeline && a.part < b.part);
}
