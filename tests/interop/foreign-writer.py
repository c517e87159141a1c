"""Does to a table what other people's writers do.

Arguments: path of a table, then append | add-column | vacuum. `append` repeats one row of the table.
Prints {"version": …, "deleted": […]}.
"""

import json
import sys

from deltalake import DeltaTable, Field, write_deltalake
from deltalake.schema import PrimitiveType

path, what = sys.argv[1:]
deleted = []
if what == "append":
    write_deltalake(path, DeltaTable(path).to_pyarrow_table().slice(0, 1), mode="append")
elif what == "add-column":
    DeltaTable(path).alter.add_columns([Field("added_by_another", PrimitiveType("string"), nullable=True)])
elif what == "vacuum":
    deleted = DeltaTable(path).vacuum(
        retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True
    )
else:
    raise ValueError(what)
print(json.dumps({"version": DeltaTable(path).version(), "deleted": deleted}))
