"""Cells of a table as texts, by every reader: whole numbers, texts and microseconds as they are, bytes in hex.

Arguments: path of a table. Prints {reader: {"columns": {name: type}, "rows": [{name: text or null}]}}.
"""

import datetime
import decimal
import json
import sys

from tables import READERS


def text(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def cells(table):
    rows = [{name: text(value) for name, value in row.items()} for row in table.to_pylist()]
    return {"columns": {field.name: str(field.type) for field in table.schema}, "rows": rows}


print(json.dumps({reader: cells(read(sys.argv[1])) for reader, read in READERS.items()}))
