/**
 * Tables in which a virtual table keeps what it has. SQLite goes by the name alone: a table of the user's that is called
 * `posts_content` beside `fts5(…, content='posts_content')` is one to it. By the columns, too, it is the module's own or not.
 */

/** Columns of each module's tables by what follows the virtual table's name; `*` for any that come behind. */
const columns: Readonly<Record<string, readonly string[]>> = {
  // FTS5: https://www.sqlite.org/fts5.html#fts5_data_structures. FTS3 and FTS4: https://www.sqlite.org/fts3.html#*shadowtabref.
  data: ["id,block"],
  idx: ["segid,term,pgno"],
  config: ["k,v"],
  docsize: ["id,sz", "id,sz,origin", "docid,size"],
  content: ["id,*", "docid,*"],
  segments: ["blockid,block"],
  segdir: ["level,idx,start_block,leaves_end_block,end_block,root"],
  stat: ["id,value"],
  // R-Tree and Geopoly: https://www.sqlite.org/rtree.html.
  node: ["nodeno,data"],
  parent: ["nodeno,parentnode"],
  rowid: ["rowid,nodeno,*", "rowid,nodeno"],
};

/** A table that is the inside of a virtual one. */
export interface ShadowTable {
  readonly name: string;
  /** The virtual table's name. */
  readonly owner: string;
}

/** A virtual table, and how it was made. */
export interface VirtualTable {
  readonly name: string;
  readonly sql: string;
}

/** @returns the virtual table that a table is the inside of; `undefined` for one of the user's. */
export function ownerOf(
  table: string,
  columnNames: readonly string[],
  virtual: readonly VirtualTable[],
): VirtualTable | undefined {
  const shape = columnNames.join(",").toLowerCase();
  return virtual.find(({ name, sql }) => {
    if (!table.toLowerCase().startsWith(`${name.toLowerCase()}_`)) return false;
    const suffix = table.slice(name.length + 1).toLowerCase();
    // With a content of its own, or without any, a full-text index keeps none.
    if (suffix === "content" && /\bcontent\s*=/i.test(sql)) return false;
    return (columns[suffix] ?? []).some((one) =>
      one.endsWith("*") ? shape.startsWith(one.slice(0, -1)) : shape === one,
    );
  });
}
