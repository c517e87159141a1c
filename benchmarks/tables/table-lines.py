"""The rows of a Delta table as texts, one a line, read by DuckDB: parts joined by "|", times as epoch ms.

Arguments: path of the table, path of the file that is written, then the columns, in order.
"""

import glob
import os
import sys

import duckdb
import duckdb_extension_delta

table, lines, *columns = sys.argv[1:]
(extension,) = glob.glob(
    os.path.join(os.path.dirname(duckdb_extension_delta.__file__), "extensions", "*", "delta.duckdb_extension")
)
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
connection.execute(f"LOAD '{extension}'")
connection.execute("SET TimeZone = 'UTC'")
connection.execute("SET preserve_insertion_order = false")
connection.execute(f"CREATE VIEW rows AS SELECT * FROM delta_scan('{table}')")
types = {name: type_ for name, type_, *_ in connection.execute("DESCRIBE rows").fetchall()}


def part(name):
    return f'epoch_ms("{name}")' if types[name].startswith("TIMESTAMP") else f'"{name}"'


# Not concat_ws, which leaves nulls out: a line with a null would be null, and so an empty one.
text = " || '|' || ".join(f"{part(name)}::VARCHAR" for name in columns)
csv = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01'"
connection.execute(f"COPY (SELECT {text} FROM rows) TO '{lines}' ({csv})")
