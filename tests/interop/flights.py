"""Compares the Delta table of examples/flights with what DuckDB computes from the Parquet source.

Arguments: path of the Parquet file, path of the table. Prints one JSON object.
"""

import json
import sys

import duckdb
from deltalake import DeltaTable

source_path, table_path = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
written = DeltaTable(table_path).to_pyarrow_dataset()
connection.register("written", written)
connection.execute(
    """
    CREATE TABLE expected AS
    SELECT date, delay, distance, origin, destination, strftime(date, '%Y-%m') AS month
    FROM read_parquet(?, file_row_number = true)
    WHERE delay > 15
    QUALIFY row_number() OVER (PARTITION BY date, origin, destination ORDER BY file_row_number) = 1
    """,
    [source_path],
)
connection.execute(
    """
    CREATE TABLE actual AS
    SELECT CAST(date AS TIMESTAMP) AS date, delay::BIGINT AS delay, distance::BIGINT AS distance,
           origin, destination, month
    FROM written
    """
)


def months(table):
    query = f"""
        SELECT month, count(*), count(DISTINCT (date, origin, destination)), sum(delay)::BIGINT, sum(distance)::BIGINT
        FROM {table} GROUP BY month ORDER BY month
    """
    return [list(line) for line in connection.execute(query).fetchall()]


def missing(left, right):
    query = f"SELECT count(*) FROM (SELECT * FROM {left} EXCEPT ALL SELECT * FROM {right})"
    return connection.execute(query).fetchone()[0]


print(
    json.dumps(
        {
            "expected": months("expected"),
            "actual": months("actual"),
            "missing": missing("expected", "actual"),
            "unexpected": missing("actual", "expected"),
        }
    )
)
