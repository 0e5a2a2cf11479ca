"""What reading dropped, kept or made missing, as notes: they are no faults, but they count."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cpeval.checking.found import found
from cpeval.errors import listed
from cpeval.reading.taken import files_read, unmatched


def reading_notes(data: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield a note a join with ids that had no partner, and a note a code made missing."""
    for one in data.attrs.get("joined", []):
        if "left_ids" not in one:
            continue
        rows = one["left_only"] + one["right_only"]
        if rows:
            kept = one["unmatched"] == "keep"
            yield found(
                "rows without partner kept" if kept else "rows dropped by a join",
                "note",
                next(iter(one["on"])) if len(one["on"]) == 1 else "",
                None,
                f"{rows:,} row{'' if rows == 1 else 's'}",
                advice=" ".join(unmatched(one)),
            )
    cells: dict[str, int] = {}
    columns: dict[str, list[str]] = {}
    for one in files_read(data):
        for key in ("missing", "declared_missing"):
            for column, counts in (one.get(key) or {}).items():
                for code, n in counts.items():
                    if n:
                        cells[str(code)] = cells.get(str(code), 0) + n
                        columns.setdefault(str(code), []).append(str(column))
    for code, n in cells.items():
        where = listed(dict.fromkeys(columns[code]), most=8)
        yield found(
            "code made missing",
            "note",
            "",
            None,
            f"{code}: {n:,} cell{'' if n == 1 else 's'}",
            advice=f"In {where}, as the study file or the data file says.",
        )
