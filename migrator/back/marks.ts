/** Where AUTOINCREMENT goes on. */
import type { Client } from "pg";
import type { Rule } from "../../services/rules";
import type { TablePlan } from "../copy/copy-plan";
import type { ConfinedDatabase } from "../sqlite/confined/database";
import { sequencesOf } from "../copy/sequences";

/** Whether a table's numbers never come again; SQLite says so nowhere but in its own words. */
function autoIncrements(file: ConfinedDatabase, table: string): boolean {
  const found = file.prepare("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) as
    { sql: string } | undefined;
  const words = (found?.sql ?? "").replaceAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*.*?\*\//gs,
    " ",
  );
  return /\bAUTOINCREMENT\b/i.test(words);
}

/** Has it go on where the server's sequences are: numbers that were given out and deleted do not come again. */
export async function raiseMarks(
  client: Client,
  file: ConfinedDatabase,
  plans: readonly TablePlan[],
  rules: readonly Rule[],
): Promise<void> {
  const { followed } = await sequencesOf(client, plans, rules);
  for (const { increment, next, followers } of followed) {
    if (increment <= 0n || next <= 1n) continue;
    for (const { plan, rule } of followers) {
      const { name } = plan.source;
      if (rule?.negated === true || rule?.prefix !== undefined || !autoIncrements(file, name)) continue;
      const last = next - 1n;
      const raised = file
        .prepare("UPDATE sqlite_sequence SET seq = max(CAST(seq AS INTEGER), ?) WHERE name = ?")
        .run(last, name);
      if (raised.changes === 0)
        file.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").run([name, last]);
    }
  }
}
