"""How is a report written for a database?

One of the tables of `shared/records.py` as an Apache Parquet file, in groups of rows, so that a report of any length
takes the memory of one group. Texts are strings, numbers 64-bit integers, and what cannot be known is null, as is a
number that needs more than 64 bits. The file's metadata names the tool and the version of the schema; a later version
may have more columns, at the end, and no other.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.shared.records import BOOLEANS, NUMBERS, PATHS, SENTENCES, TABLES, Cell, Record

SCHEMA_VERSION = "1"
"""Version of the tables' columns; another number means that one was dropped or has another meaning."""

GROUP = 20_000
"""Rows of a group: some 5 MB in memory."""

LARGEST = 2**63 - 1


def format(report: AuditReport, style: Style, table: str) -> bytes:  # noqa: A001 -- what every reporter's function is called
    """The table of shortcuts, models or layers, as `TABLES` calls them."""
    import pyarrow
    from pyarrow import parquet

    wanted = TABLES[table]
    metadata = {"shortcut-audit": report.version, "shortcut-audit.schema": SCHEMA_VERSION}
    schema = pyarrow.schema([(column, _type(column, pyarrow)) for column in wanted.columns], metadata=metadata)
    stream = io.BytesIO()
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        for group in _groups(wanted.rows(report, style)):
            columns = {column: [_cell(column, row[column]) for row in group] for column in wanted.columns}
            writer.write_table(pyarrow.table(columns, schema=schema))
    return stream.getvalue()


def _groups(rows: Iterator[Record]) -> Iterator[list[Record]]:
    while group := list(islice(rows, GROUP)):
        yield group


def _type(column: str, pyarrow: Any) -> Any:
    if column in BOOLEANS:
        return pyarrow.bool_()
    return pyarrow.int64() if column in NUMBERS else pyarrow.string()


def _cell(column: str, cell: Cell) -> Cell:
    if isinstance(cell, str):
        if column in SENTENCES:
            return displayable_text(cell)
        return displayable(cell, PATH_LIMIT) if column in PATHS else displayable(cell)
    return None if isinstance(cell, int) and abs(cell) > LARGEST else cell
