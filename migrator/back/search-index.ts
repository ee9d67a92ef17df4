/** Full-text indexes over other tables: they hold nothing of their own, and go stale when these are written. */
import type { ConfinedDatabase } from "../sqlite/confined/database";
import { identifier } from "../base/quoting";

const external = /USING\s+fts[345]\s*\(.*\bcontent\s*=\s*(?:'[^']+'|"[^"]+"|[^'"\s,)]+)/is;

/** Makes them anew. @returns their names */
export function rebuildSearchIndexes(file: ConfinedDatabase): string[] {
  const tables = file
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'")
    .all() as { name: string; sql: string }[];
  const stale = tables.filter(({ sql }) => external.test(sql)).map(({ name }) => name);
  for (const name of stale)
    file.exec(`INSERT INTO ${identifier(name)} (${identifier(name)}) VALUES ('rebuild')`);
  return stale;
}
