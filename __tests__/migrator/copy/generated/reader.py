"""Holds a SQLite file against what PostgreSQL prints of its copy: a reader that shares no code with the migrator.

Reads one question a line, as JSON: {"file", "types": [...], "rows": [[id, text or null, ...], ...]}; answers a list of what differs.
"""
import datetime
import decimal
import fractions
import ipaddress
import json
import re
import sqlite3
import struct
import sys
import uuid

decimal.getcontext().prec = 2000
D = decimal.Decimal
WORDS = {"1": "true", "t": "true", "true": "true", "0": "false", "f": "false", "false": "false"}


def moment(text):
    """A naive moment in UTC; Python knows no more than microseconds, as PostgreSQL does."""
    text = text.replace(" +", "+").replace(" -", "-").replace(" Z", "Z")
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?)?", text)
    day, minutes, seconds, fraction, zone = match.groups()
    micros = round(fractions.Fraction(D((fraction or ".0"))) * 10**6 + fractions.Fraction(1, 10**9))
    read = datetime.datetime.fromisoformat(f"{day} {minutes or '00:00'}{seconds or ':00'}")
    read += datetime.timedelta(microseconds=micros)
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        ahead = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        read += ahead if zone[0] == "-" else -ahead
    return read


def number(value):
    return D(value.decode()) if isinstance(value, bytes) else D(repr(value))


def exact(value):
    return fractions.Fraction(value) if not isinstance(value, bytes) else fractions.Fraction(D(value.decode()))


def pairs(items):
    keys = [key for key, _ in items]
    if len(set(keys)) < len(keys):
        raise ValueError("a key twice")
    return dict(items)


def as_json(text):
    return json.loads(text, parse_float=D, parse_int=D, object_pairs_hook=pairs)


def numbers(text):
    """The whole numbers of a range."""
    if text == "empty":
        return range(0)
    match = re.fullmatch(r"\s*([\[(])\s*(-?\d+)\s*,\s*(-?\d+)\s*([\])])\s*", text)
    opening, first, last, closing = match.groups()
    return range(int(first) + (opening == "("), int(last) + (closing == "]"))


def same(kind, value, is_blob, printed):
    """Whether a value of SQLite (int, float, or bytes of a text or blob) is what PostgreSQL prints."""
    text = value.decode() if isinstance(value, bytes) and not is_blob else None
    if kind == "bytea":
        return isinstance(value, bytes) and printed == "\\x" + value.hex()
    if is_blob:
        return False
    if kind in ("smallint", "integer", "bigint"):
        return exact(value) == int(printed)
    if kind == "boolean":
        words = text.lower() if text is not None else str(int(value)) if value == int(value) else ""
        return WORDS.get(words) == printed
    if kind == "double precision":
        if isinstance(value, float):
            return struct.pack(">d", value) == struct.pack(">d", float(printed))
        return D(repr(float(printed))) == number(value) if text is not None else exact(float(printed)) == value
    if kind == "real":
        narrow = struct.unpack("f", struct.pack("f", float(printed)))[0]
        return D(repr(narrow)) == number(value) if text is not None else exact(narrow) == exact(value)
    if kind in ("numeric", "numeric(8,2)"):
        return D(printed) == number(value)
    if kind in ("text", "varchar(8)", "char(4)"):
        if text is not None:
            return printed == text
        return printed == str(value) if isinstance(value, int) else "." in printed or "e" in printed and float(printed) == value
    if kind == "mood":
        return printed == (text if text is not None else str(value))
    if text is None and kind in ("json", "jsonb"):
        return as_json(printed) == number(value)
    if text is None:
        return False
    if kind in ("timestamp", "timestamptz", "timestamp(3)", "timestamptz(3)"):
        return moment(text) == moment(printed)
    if kind in ("time", "time(3)"):
        return moment(f"2000-01-01 {text}") == moment(f"2000-01-01 {printed}")
    if kind == "cidr":
        return ipaddress.ip_network(text) == ipaddress.ip_network(printed)
    if kind == "macaddr":
        return re.sub("[^0-9a-f]", "", text.lower()) == printed.replace(":", "")
    if kind == "bit varying(8)":
        return text == printed
    if kind == "int4range":
        return numbers(text) == numbers(printed)
    # The one text that is a list in PostgreSQL's spelling and JSON as well: an object there, no elements here.
    if kind.endswith("[]") and text == "{}":
        return json.loads(printed) == []
    if kind in ("boolean[]", "date[]"):
        return json.loads(text) == json.loads(printed)
    if kind == "numeric(5,2)[]":
        return json.loads(text, parse_float=D, parse_int=D) == json.loads(printed, parse_float=D, parse_int=D)
    if kind == "date":
        return moment(text) == moment(printed) and moment(text).time() == datetime.time()
    if kind == "interval":
        return text == printed
    if kind == "uuid":
        return uuid.UUID(text) == uuid.UUID(printed)
    if kind == "json":
        return text == printed
    if kind == "jsonb":
        # A zero with a sign, but not inside of a string.
        outside = re.sub(r'"(\\.|[^"\\])*"', "", text)
        numbers_in = re.findall(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", outside)
        signed_zero = any(one.startswith("-") and D(one) == 0 for one in numbers_in)
        return as_json(text) == as_json(printed) and not signed_zero
    if kind == "inet":
        return ipaddress.ip_interface(text) == ipaddress.ip_interface(printed)
    if kind == "text[]":
        # A number is the text of its digits, as in a column of text.
        return json.loads(text, parse_int=str, parse_float=str) == json.loads(printed)
    if kind == "integer[]":
        return json.loads(text) == json.loads(printed)
    raise ValueError(f"a type that the reader does not know: {kind}")


def differences(question):
    base = sqlite3.connect(f"file:{question['file']}?mode=ro", uri=True)
    base.text_factory = bytes
    found = []
    width = len(question["types"])
    names = [f"c{place}" for place in range(width)]
    terms = ", ".join(f"typeof({name}), {name}" for name in names)
    source = {row[0]: row[1:] for row in base.execute(f"SELECT id, {terms} FROM t")}
    for identity, *printed in question["rows"]:
        row = source.pop(identity, None)
        if row is None:
            found.append(f"row {identity} is not in the source")
            continue
        for place, kind in enumerate(question["types"]):
            storage, value, other = row[2 * place].decode(), row[2 * place + 1], printed[place]
            try:
                equal = other is None if value is None else other is not None and same(kind, value, storage == "blob", other)
            except (ValueError, ArithmeticError, AttributeError, struct.error) as error:
                equal = f"unreadable: {error!r}"
            if equal is not True:
                found.append(f"row {identity}: {kind} reads {other!r} for the {storage} {value!r} ({equal})")
    if question["whole"] and source:
        found.append(f"rows are missing: {sorted(source)}")
    base.close()
    return found


for line in sys.stdin:
    print(json.dumps(differences(json.loads(line))), flush=True)
