"""Compares the statistics in the log with the truth in the files, and has every reader find rows by every value.

Arguments: path of a table. Prints {"files", "bounds": checked bounds, "found": rows found by filters, "wrong": [text, …]}.
A bound may be wider than the truth (long texts are cut, times are told in milliseconds), but never narrower; whole
numbers, dates and counts are exact.
"""

import datetime
import decimal
import json
import os
import sys
import urllib.parse

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from tables import duckdb_connection

path = sys.argv[1]
wrong = []
bounds = 0
found = 0


def adds():
    """The add actions of a table that is only appended to, with their statistics word for word."""
    live = {}
    log = os.path.join(path, "_delta_log")
    for name in sorted(name for name in os.listdir(log) if name.endswith(".json")):
        with open(os.path.join(log, name), encoding="utf-8") as lines:
            for line in lines:
                action = json.loads(line)
                if "add" in action:
                    live[action["add"]["path"]] = action["add"]
    return live.values()


def comparable(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc)
    return value


def from_statistics(value, type_):
    if pa.types.is_timestamp(type_):
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if pa.types.is_date(type_):
        return datetime.date.fromisoformat(value)
    if pa.types.is_floating(type_):
        return float(value)
    return value


def check_file(add):
    statistics = json.loads(add["stats"], parse_float=decimal.Decimal)
    table = pq.ParquetFile(os.path.join(path, urllib.parse.unquote(add["path"]))).read()
    if statistics["numRecords"] != table.num_rows:
        wrong.append(f"{add['path']}: numRecords {statistics['numRecords']} instead of {table.num_rows}")
    for name in table.column_names:
        column = table.column(name)
        if statistics["nullCount"].get(name) != column.null_count:
            wrong.append(f"{name}: nullCount {statistics['nullCount'].get(name)} instead of {column.null_count}")
        check_bounds(name, column, statistics)


def check_bounds(name, column, statistics):
    global bounds
    low, high = statistics["minValues"].get(name), statistics["maxValues"].get(name)
    values = [comparable(value) for value in column.drop_null().to_pylist()]
    if not values:
        if low is not None or high is not None:
            wrong.append(f"{name}: bounds of nothing")
        return
    if low is not None:
        bounds += 1
        low = from_statistics(low, column.type)
        if low > min(values):
            wrong.append(f"{name}: min {low!r} is above {min(values)!r}")
        if is_exact(column.type) and low != min(values):
            wrong.append(f"{name}: min {low!r} instead of {min(values)!r}")
    if high is not None:
        bounds += 1
        high = from_statistics(high, column.type)
        if high < max(values):
            wrong.append(f"{name}: max {high!r} is below {max(values)!r}")
        if is_exact(column.type) and high != max(values):
            wrong.append(f"{name}: max {high!r} instead of {max(values)!r}")


def is_exact(type_):
    return pa.types.is_integer(type_) or pa.types.is_date(type_)


def check_filters():
    """Every value that is in the table is found where readers skip files by their statistics and partitions."""
    global found
    table = DeltaTable(path)
    whole = table.to_pyarrow_table()
    dataset = table.to_pyarrow_dataset()
    connection = duckdb_connection()
    for name in whole.column_names:
        column = whole.column(name)
        counts = pc.value_counts(column.drop_null())
        for entry in counts[:40]:
            value = entry["values"]
            # Minus zero is counted apart and found together with zero.
            count = sum(other["counts"].as_py() for other in counts if other["values"].as_py() == value.as_py())
            by_arrow = dataset.filter(pc.field(name) == value).count_rows()
            duck = f'SELECT count(*) FROM delta_scan(?) WHERE "{name}" = ?'
            by_duckdb = connection.execute(duck, [path, value.as_py()]).fetchone()[0]
            found += count
            if by_arrow != count:
                wrong.append(f"{name} = {value.as_py()!r}: deltalake finds {by_arrow} of {count}")
            if by_duckdb != count:
                wrong.append(f"{name} = {value.as_py()!r}: duckdb finds {by_duckdb} of {count}")


files = list(adds())
for file in files:
    check_file(file)
check_filters()
print(json.dumps({"files": len(files), "bounds": bounds, "found": found, "wrong": wrong}))
