"""Reads SQLite files by Python's own library, which shares no code with the migrator: a path a line in, a line of JSON out."""
import json
import sqlite3
import sys

QUERY = """SELECT id, CASE WHEN typeof(v) IN ('text', 'null') THEN iif(v IS NULL, '-', hex(v)) ELSE '*' END,
  CASE WHEN typeof(n) IN ('integer', 'null') THEN coalesce(n, '-') ELSE '*' END,
  CASE WHEN typeof(b) IN ('blob', 'null') THEN iif(b IS NULL, '-', hex(b)) ELSE '*' END FROM t NOT INDEXED ORDER BY id"""

for line in sys.stdin:
    try:
        connection = sqlite3.connect(line.rstrip("\n"))
        connection.text_factory = bytes
        check = [row[0].decode("latin1") for row in connection.execute("PRAGMA quick_check(1)")]
        rows = [[cell.decode("latin1") if isinstance(cell, bytes) else str(cell) for cell in row] for row in connection.execute(QUERY)]
        connection.close()
        answer = {"rows": rows} if check == ["ok"] else {"error": check[0]}
    except (sqlite3.Error, UnicodeError) as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
