"""Reads a SQLite file as the app would, strictly in the app's own forms, and holds it against what the app knows it wrote.

One question a line, as JSON: {"file", "tables": [{"name", "shape", "kinds": [...], "highest", "unique", "rows": [[key, [value, ...], old], ...]}]};
answers a list of what differs. Shares no code with the migrator.
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

EPOCH = datetime.datetime(1970, 1, 1)
MOMENTS = {
    "javascript": r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{3})Z",
    "sqlalchemy": r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6})",
    "since 1970": r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6})",
    "django": r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{6}))?",
    "seconds": r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)()",
    "go": r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00:00",
}


def micros(day, clock, fraction):
    read = datetime.datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S") - EPOCH
    return (read.days * 86400 + read.seconds) * 10**6 + int((fraction or "").ljust(6, "0"))


def need(condition):
    if not condition:
        raise ValueError("not in the app's form")


def read(kind, storage, value):
    """The neutral spelling of a value that SQLite has."""
    if storage == "null":
        return None
    text = value.decode() if storage == "text" else None
    if kind in MOMENTS:
        match = re.fullmatch(MOMENTS[kind], text)
        need(match)
        return str(micros(*match.groups()))
    if kind in ("text", "json", "json value"):
        need(storage == "text")
        return text
    if kind in ("epoch seconds", "epoch milliseconds"):
        need(storage == "integer")
        return str(value * (10**6 if kind == "epoch seconds" else 1000))
    if kind in ("integer", "microseconds"):
        need(storage == "integer")
        return str(value)
    if kind == "flag":
        need(storage == "integer" and value in (0, 1))
        return str(value)
    if kind == "flag in words":
        return {"true": "1", "false": "0"}[text]
    if kind == "double":
        need(storage == "real")
        return struct.pack(">d", value).hex()
    if kind == "decimal":
        need(storage in ("integer", "real"))
        return str(decimal.Decimal(repr(value)).normalize())
    if kind == "bytes":
        need(storage == "blob")
        return value.hex()
    if kind == "clock":
        need(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", text))
        return text
    if kind == "list":
        need(all(isinstance(item, str) for item in json.loads(text)))
        return json.dumps(json.loads(text))
    if kind == "day":
        need(re.fullmatch(r"\d{4}-\d\d-\d\d", text))
        return text
    if kind == "uuid":
        need(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))
        return text
    if kind == "uuid without hyphens":
        need(re.fullmatch(r"[0-9a-f]{32}", text))
        return str(uuid.UUID(text))
    if kind in ("uuid bytes", "guid"):
        need(storage == "blob")
        return str(uuid.UUID(bytes=value) if kind == "uuid bytes" else uuid.UUID(bytes_le=value))
    raise KeyError(kind)


def known(kind, value):
    """What the app knows, in the spelling of `read`."""
    if value is None:
        return None
    if kind == "double":
        return struct.pack(">d", float(value)).hex()
    if kind == "decimal":
        return str(decimal.Decimal(value).normalize())
    if kind == "list":
        return json.dumps(json.loads(value))
    return value


def same(kind, one, other):
    if kind == "json value" and one is not None and other is not None:
        return json.loads(one, parse_float=decimal.Decimal) == json.loads(other, parse_float=decimal.Decimal)
    return one == other


def row_of(table, values, identity):
    shown = []
    for place, kind in enumerate(table["kinds"]):
        storage, value = values[2 * place].decode(), values[2 * place + 1]
        try:
            shown.append(read(kind, storage, value))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{table['name']} {identity}: {kind} is the {storage} {value!r}: {error!r}") from error
    return shown


def differences(question):
    base = sqlite3.connect(f"file:{question['file']}?mode=ro", uri=True)
    base.text_factory = bytes
    found = []
    integrity = base.execute("PRAGMA integrity_check").fetchall()
    if integrity != [(b"ok",)]:
        found.append(f"integrity: {integrity}")
    for table in question["tables"]:
        name, kinds = table["name"], table["kinds"]
        terms = [f"typeof(c{place}), c{place}" for place in range(len(kinds))]
        keyed = table["shape"] != "no key"
        rows = base.execute(f"SELECT {'id' if keyed else 'NULL'}, old, {', '.join(terms)} FROM {name}").fetchall()
        wanted = [(key, old, [known(kind, value) for kind, value in zip(kinds, values)]) for key, values, old in table["rows"]]
        try:
            have = []
            for identity, old, *values in rows:
                key = identity.decode() if isinstance(identity, bytes) else str(identity)
                have.append((key, old and old.decode(), row_of(table, values, key)))
        except ValueError as error:
            found.append(str(error))
            continue
        if not keyed:
            # Rows that are equal cannot be told apart, nor what only the file has of them.
            plain = lambda some: collections.Counter(json.dumps(values) for _, _, values in some)
            if "json value" not in kinds and plain(have) != plain(wanted):
                found.append(f"{name}: {plain(have)} for {plain(wanted)}")
            if len(have) != len(wanted):
                found.append(f"{name}: {len(have)} rows for {len(wanted)}")
            continue
        by_key = {key: (old, values) for key, old, values in have}
        if len(by_key) != len(have) or set(by_key) != {key for key, _, _ in wanted}:
            found.append(f"{name}: the keys are {sorted(by_key)}")
            continue
        if table["shape"] == "serial":
            numbers = dict(base.execute(f"SELECT id, u FROM {name}").fetchall())
            if numbers != {int(key): int(number) for key, number in table["unique"]}:
                found.append(f"{name}: the unique numbers are {numbers}")
        for key, old, values in wanted:
            was, own = by_key[key]
            if was != old:
                found.append(f"{name} {key}: old is {was!r} for {old!r}")
            for kind, one, other in zip(kinds, own, values):
                if not same(kind, one, other):
                    found.append(f"{name} {key}: {kind} reads {one!r} for {other!r}")
        if table["shape"] == "serial":
            mark = base.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).fetchone()
            if (mark[0] if mark else 0) < table["highest"]:
                found.append(f"{name}: the mark {mark} is below {table['highest']}")
    base.close()
    return found


for line in sys.stdin:
    print(json.dumps(differences(json.loads(line))), flush=True)
