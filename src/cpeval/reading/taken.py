"""What reading took a file for, in sentences for the person whose file it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def taken(data: pd.DataFrame) -> list[str]:
    """Say what each file was read as, and what was made missing.

    Parameters
    ----------
    data : pandas.DataFrame
        From `cpeval.read` and its kin, which leave what they took in ``attrs``.

    Returns
    -------
    list of str
        A sentence or two a file, and one for ids that a join dropped or kept; none when the frame
        wasn't read by cpeval.

    Examples
    --------
    >>> data = pd.DataFrame()
    >>> data.attrs["read"] = {"file": "a.csv", "format": "csv", "encoding": "utf-8",
    ...     "separator": ";", "decimal": ",", "n_rows": 20, "n_columns": 3,
    ...     "missing": {"age": {999: 2}}}
    >>> taken(data)
    ['Read a.csv: csv, utf-8, semicolon between cells, decimal comma; 20 rows, 3 columns.',
     'Made missing in a.csv: 999 in age (2 cells).']
    """
    joined = data.attrs.get("joined", [])
    return [
        *(line for one in files_read(data) for line in _lines(one)),
        *(line for one in joined for line in unmatched(one)),
    ]


def files_read(data: pd.DataFrame) -> list[Mapping[str, Any]]:
    """Return what reading took of each file, those of joins last."""
    attrs = data.attrs
    stacked = list(attrs.get("stacked", {}).get("read", {}).values())
    own = stacked or ([attrs["read"]] if "read" in attrs else [])
    return [*own, *(one["read"] for one in attrs.get("joined", []) if "read" in one)]


def unmatched(one: Mapping[str, Any]) -> Iterator[str]:
    """Say how many ids of a join had no partner, and what became of their rows; never which.

    >>> list(unmatched({"read": {"file": "people.csv"}, "unmatched": "drop", "left_ids": 1,
    ...                 "left_only": 2, "right_ids": 0, "right_only": 0}))
    ['Joined people.csv: 1 id of the data (2 rows) had no partner there and was dropped.']
    """
    name = str(one.get("read", {}).get("file", "a table"))
    done = "kept" if one["unmatched"] == "keep" else "dropped"
    for ids, rows, said in (
        (one["left_ids"], one["left_only"], "of the data ({}) had no partner there"),
        (one["right_ids"], one["right_only"], "of it ({}) had no partner in the data"),
    ):
        if rows:
            counted = f"{rows:,} row{'' if rows == 1 else 's'}"
            yield (
                f"Joined {name}: {ids:,} id{'' if ids == 1 else 's'} {said.format(counted)} and "
                f"{'was' if ids == 1 else 'were'} {done}."
            )


def _lines(one: Mapping[str, Any]) -> Iterator[str]:
    kind = [str(one["format"])]
    if one.get("encoding"):
        kind.append(str(one["encoding"]))
    if one.get("separator"):
        kind.append(f"{_SEPARATORS.get(one['separator'], one['separator'])} between cells")
    if one.get("sheet"):
        kind.append(f"sheet {one['sheet']!r}")
    if one.get("decimal") == ",":
        kind.append("decimal comma")
    size = f"{one['n_rows']:,} rows, {one['n_columns']} columns"
    yield f"Read {one['file']}: {', '.join(kind)}; {size}."
    codes = {
        f"{code} in {column} ({count:,} {'cell' if count == 1 else 'cells'})"
        for key in ("missing", "declared_missing")
        for column, found in (one.get(key) or {}).items()
        for code, count in found.items()
        if count
    }
    if codes:
        shown = sorted(codes)
        more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
        yield f"Made missing in {one['file']}: {', '.join(shown[:20])}{more}."
