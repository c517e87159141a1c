"""Delta tables as readers that are not ours see them: as arrow tables of plain columns."""

import glob
import os

import duckdb
import duckdb_extension_delta
import pyarrow as pa
from deltalake import DeltaTable


def by_deltalake(path):
    return plain(DeltaTable(path).to_pyarrow_table())


def by_duckdb(path):
    return plain(duckdb_connection().execute("SELECT * FROM delta_scan(?)", [path]).to_arrow_table())


def duckdb_connection():
    """The Delta extension comes with the package, so that nothing is fetched at run time."""
    folder = os.path.dirname(duckdb_extension_delta.__file__)
    (extension,) = glob.glob(os.path.join(folder, "extensions", "*", "delta.duckdb_extension"))
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{extension}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


READERS = {"deltalake": by_deltalake, "duckdb": by_duckdb}


def plain(table):
    """Timestamps as microseconds, dictionaries as their values: a cell is then an int, a text, bytes, …"""
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        columns.append(column)
    return pa.table(columns, names=table.column_names)
