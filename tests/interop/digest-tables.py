"""Count, distinct keys and an order-free digest of tables of examples/events-curated, by every reader.

Arguments: paths of tables. Prints a JSON array of {reader, table, rows, keys, digest, keyDigest}; `keyDigest` is
that of the distinct keys.
"""

import hashlib
import json
import sys

from tables import READERS


def line(row):
    cells = sorted(f"{name}={json.dumps(str(value), ensure_ascii=False)}" for name, value in row.items() if value is not None)
    return " ".join(cells)


def digest(texts):
    total = 0
    for text in texts:
        total += int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return format(total % (1 << 128), "032x")


found = []
for reader, read in READERS.items():
    for table in sys.argv[1:]:
        rows = read(table).to_pylist()
        keys = {f"{row['event_id']}|{row['source_system']}" for row in rows}
        found.append(
            {
                "reader": reader,
                "table": table,
                "rows": len(rows),
                "keys": len(keys),
                "digest": digest(line(row) for row in rows),
                "keyDigest": digest(keys),
            }
        )
print(json.dumps(found))
