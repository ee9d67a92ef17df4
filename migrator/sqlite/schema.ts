/** What tables a SQLite file has. Its schema comes from anybody: names may be no text. */
import { TextDecoder } from "node:util";
import { Refused } from "../base/errors";
import type { ConfinedDatabase } from "./confined/database";
import { ownerOf, type ShadowTable, type VirtualTable } from "./shadow-tables";
import type { SourceTable } from "./source-table";

const rowidNames = ["rowid", "_rowid_", "oid"];

/** Whether a column's declared type has SQLite keep reals: https://www.sqlite.org/datatype3.html#determination_of_column_affinity. */
function isRealType(type: Buffer | null): boolean {
  // UTF-16 has a zero beside each letter.
  const declared = (type ?? "").toString("latin1").replaceAll("\0", "");
  return /REAL|FLOA|DOUB/i.test(declared) && !/INT|CHAR|CLOB|TEXT|BLOB/i.test(declared);
}

/** Reads names as bytes: libsql ends the process on text that is not UTF-8. */
export class SchemaReader {
  private readonly decoder: TextDecoder;
  private readonly problems: string[] = [];
  /** Tables that are the insides of virtual ones, once all have been read. */
  readonly shadows: ShadowTable[] = [];

  /** @param encoding in which SQLite hands out text as bytes. */
  constructor(
    private readonly database: ConfinedDatabase,
    encoding: string,
    private readonly label: string,
  ) {
    this.decoder = new TextDecoder(encoding, { fatal: true });
  }

  /**
   * Every table that holds data of the app's, by name. SQLite's own and the insides of virtual tables are not.
   * @throws Refused naming what has a name that is no text.
   */
  tables(): SourceTable[] {
    const roots = this.roots();
    this.refuse();
    const listed = this.rows(
      "SELECT CAST(name AS BLOB), CAST(type AS BLOB), wr FROM pragma_table_list WHERE schema = 'main' " +
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND type IN ('table', 'virtual', 'shadow') ORDER BY name",
    ) as [Buffer, Buffer, number][];
    const virtual: VirtualTable[] = [];
    const tables = listed.map(([bytes, typeBytes, wr]) => {
      const [name, type] = [this.decoder.decode(bytes), this.decoder.decode(typeBytes)];
      if (type === "virtual") virtual.push({ name, sql: this.sqlOf(name) });
      return { type, table: this.table(name, type === "virtual", wr === 1, roots) };
    });
    this.refuse();
    return tables.flatMap(({ type, table }) => {
      const columns = table.columns.map(({ name }) => name);
      const owner = type === "shadow" ? ownerOf(table.name, columns, virtual) : undefined;
      if (owner !== undefined) this.shadows.push({ name: table.name, owner: owner.name });
      return owner === undefined ? [table] : [];
    });
  }

  private sqlOf(table: string): string {
    const found = this.rows("SELECT CAST(sql AS BLOB) FROM sqlite_master WHERE name = ?", table) as [
      Buffer,
    ][];
    return found.map(([sql]) => sql.toString("latin1").replaceAll("\0", "")).join("");
  }

  /** The pages where tables begin. */
  private roots(): Map<string, number> {
    const roots = new Map<string, number>();
    const entries = this.rows(
      "SELECT CAST(type AS BLOB), CAST(name AS BLOB), rootpage FROM sqlite_master",
    ) as [Buffer, Buffer, number][];
    for (const [typeBytes, nameBytes, root] of entries) {
      const type = this.text(typeBytes, () => "the kind of an entry of its schema") ?? "entry";
      const name = this.text(nameBytes, (shown) => `the name of the ${type} "${shown}"`);
      // SQLite itself refuses a name that is not the definition's.
      if (type === "table" && name !== undefined) roots.set(name, root);
    }
    return roots;
  }

  private table(
    name: string,
    virtual: boolean,
    withoutRowid: boolean,
    roots: Map<string, number>,
  ): SourceTable {
    let found: [Buffer, Buffer | null, number, number, number][];
    try {
      found = this.rows(
        "SELECT CAST(name AS BLOB), CAST(type AS BLOB), pk, hidden, cid FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid",
        name,
      ) as [Buffer, Buffer | null, number, number, number][];
    } catch (error) {
      // A module, or a part of one, that SQLite here does not have.
      if (!virtual || !(error instanceof Error) || error.name !== "SqliteError") throw error;
      return {
        name,
        columns: [],
        key: [],
        rowid: undefined,
        root: 0,
        tree: undefined,
        unreadable: error.message,
      };
    }
    const columns = found.map(([bytes, type, pk, hidden, cid]) => {
      const column =
        this.text(bytes, (shown) => `the name of the column "${shown}" of the table "${name}"`) ?? "";
      return { name: column, isReal: isRealType(type), pk, hidden, cid };
    });
    const taken = new Set(columns.map((column) => column.name.toLowerCase()));
    const rowid = withoutRowid ? undefined : rowidNames.find((candidate) => !taken.has(candidate));
    const primary = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    // SQLite makes an index for a primary key, unless it is the rowid.
    const isRowid =
      !virtual &&
      !withoutRowid &&
      primary.length === 1 &&
      this.rows("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", name).length === 0;
    // 2: computed when it is read, 3: when it is written.
    const stored = withoutRowid
      ? this.storedByKey(name)
      : columns.filter(({ hidden }) => hidden !== 2).map(({ cid }) => cid);
    const described = columns.map(({ name: column, isReal, pk, hidden, cid }) => {
      const place = stored.includes(cid) ? stored.indexOf(cid) : undefined;
      return { name: column, generated: hidden > 1, place, isRowid: isRowid && pk > 0, isReal };
    });
    const key = rowid === undefined ? primary.map((column) => column.name) : [rowid];
    const tree = withoutRowid ? "index" : "table";
    const root = roots.get(name) ?? 0;
    return virtual
      ? { name, columns: described, key, rowid: undefined, root, tree: undefined }
      : { name, columns: described, key, rowid, root, tree };
  }

  /** The columns of a table without a rowid, by their numbers, as a row is stored: those of its key come first. */
  private storedByKey(table: string): number[] {
    const found = this.rows(
      "SELECT x.cid FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x WHERE l.origin = 'pk' ORDER BY x.seqno",
      table,
    ) as [number][];
    return found.map(([cid]) => cid);
  }

  private text(bytes: Buffer, where: (shown: string) => string): string | undefined {
    try {
      const text = this.decoder.decode(bytes);
      if (!text.includes("\0")) return text;
    } catch {
      // Not text: said below.
    }
    this.problems.push(`${where(bytes.toString("latin1").replaceAll(/[^ -~]/g, "?"))} is not valid text`);
    return undefined;
  }

  private refuse(): void {
    if (this.problems.length === 0) return;
    throw new Refused(
      `${this.label}: its schema is corrupt: ${this.problems.join("; ")}. Rename or restore it with the app, or with sqlite3`,
    );
  }

  private rows(sql: string, ...parameters: unknown[]): unknown[] {
    return this.database.prepare(sql, { raw: true }).all(...parameters);
  }
}
