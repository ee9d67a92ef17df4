/**
 * A plain dump as statements that any client can send: without psql's own commands, which start with a backslash, and with the rows of
 * `COPY … FROM stdin` as INSERT. The dump may hold an empty database's rows only: escapes of COPY other than `\N` are refused.
 */
export function statementsOfDump(dump: string): string {
  const out: string[] = [];
  let copy: string | undefined;
  for (const line of dump.split("\n")) {
    const head = /^COPY (\S+ \(.*\)) FROM stdin;$/.exec(line);
    if (head) copy = head[1];
    else if (line === "\\.") copy = undefined;
    else if (copy !== undefined)
      out.push(`INSERT INTO ${copy} VALUES (${line.split("\t").map(literal).join(", ")});`);
    else if (!line.startsWith("\\")) out.push(line);
  }
  return out.join("\n");
}

function literal(value: string): string {
  if (value === "\\N") return "NULL";
  if (value.includes("\\"))
    throw new Error("the dump holds rows with escapes; it has to be one of an empty database");
  return `'${value.replaceAll("'", "''")}'`;
}
