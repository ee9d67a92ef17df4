"""Holds a SQLite file against a PostgreSQL, value by value: shares no code with the migrator.

Usage: compare.py FILE [TABLE ...]; the server is in libpq's variables, the tables are left out. Prints what differs, as JSON.
"""
import collections
import datetime
import decimal
import json
import re
import sqlite3
import struct
import sys
import uuid

import psycopg2
import psycopg2.extras

EPOCH = datetime.datetime(1970, 1, 1)


def micros(moment):
    since = moment - EPOCH
    return (since.days * 86400 + since.seconds) * 10**6 + since.microseconds


def written(text):
    """Microseconds since 1970 of an ISO text, in UTC where it names no zone."""
    day, clock, fraction, zone = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?)?\s*(Z|[+-]\d\d:?\d\d)?", text
    ).groups()
    clock = clock or "00:00"
    form = "%Y-%m-%d %H:%M:%S" if clock.count(":") == 2 else "%Y-%m-%d %H:%M"
    ahead = 0
    if zone and zone != "Z":
        ahead = (int(zone[1:3]) * 60 + int(zone[-2:])) * 60 * 10**6 * (1 if zone[0] == "+" else -1)
    return micros(datetime.datetime.strptime(f"{day} {clock}", form)) + int((fraction or "").ljust(6, "0")) - ahead


def of_file(kind, value):
    if value is None:
        return None
    if kind == "bytea":
        return value.hex() if isinstance(value, bytes) else None
    if kind == "uuid" and isinstance(value, bytes) and len(value) == 16:
        return uuid.UUID(bytes=value).hex
    text = value.decode() if isinstance(value, bytes) else value
    if kind in ("int2", "int4", "int8"):
        return int(text)
    if kind == "bool":
        return {"1": True, "0": False, "true": True, "false": False}[str(text).lower()]
    if kind == "float8":
        return struct.pack(">d", text + 0.0).hex()
    if kind == "numeric":
        return str(decimal.Decimal(str(text)).normalize())
    if kind in ("timestamp", "timestamptz", "interval"):
        return written(text)
    if kind == "date":
        return written(text) // (86400 * 10**6)
    if kind in ("json", "jsonb"):
        return json.dumps(json.loads(text), sort_keys=True)
    if kind == "uuid":
        return uuid.UUID(text).hex
    return str(text)


def of_server(kind, value):
    if value is None:
        return None
    if kind == "bytea":
        return bytes(value).hex()
    if kind == "float8":
        return struct.pack(">d", value).hex()
    if kind == "numeric":
        return str(value.normalize())
    if kind in ("timestamp", "timestamptz"):
        return micros(value.replace(tzinfo=None))
    if kind == "interval":
        return (value.days * 86400 + value.seconds) * 10**6 + value.microseconds
    if kind == "date":
        return (value - EPOCH.date()).days
    if kind in ("json", "jsonb"):
        return json.dumps(json.loads(value), sort_keys=True)
    if kind == "uuid":
        return uuid.UUID(value).hex
    return value if kind in ("int2", "int4", "int8", "bool") else str(value)


file = sqlite3.connect(sys.argv[1])
file.text_factory = bytes
server = psycopg2.connect("")
for register in (psycopg2.extras.register_default_json, psycopg2.extras.register_default_jsonb):
    register(server, loads=lambda text: text)
query = server.cursor()
query.execute("SET timezone = 'UTC'")
query.execute(
    """SELECT c.relname, a.attname, t.typname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped JOIN pg_type t ON t.oid = atttypid
       WHERE nspname = 'public' AND relkind = 'r' ORDER BY 1, 2"""
)
tables = collections.defaultdict(list)
for table, column, kind in query.fetchall():
    tables[table].append((column, kind))
there = {name.decode() for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}
different = [f"{table}: only on one side" for table in there ^ set(tables)]
rows = 0
for table, columns in tables.items():
    if table in sys.argv[2:] or table not in there:
        continue
    names = ", ".join(f'"{column}"' for column, _ in columns)
    kinds = [kind for _, kind in columns]
    one = collections.Counter(repr(list(map(of_file, kinds, row))) for row in file.execute(f'SELECT {names} FROM "{table}"'))
    query.execute(f'SELECT {names} FROM "{table}"')
    other = collections.Counter(repr(list(map(of_server, kinds, row))) for row in query.fetchall())
    rows += sum(one.values())
    different += [f"{table}: {side} alone has {row[:300]}" for side, some in (("the file", one - other), ("the server", other - one)) for row in list(some)[:2]]
print(json.dumps({"rows": rows, "different": different}))
