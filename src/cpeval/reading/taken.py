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
        A sentence or two a file; none when the frame wasn't read by cpeval.

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
    noted = data.attrs.get("stacked", {}).get("read", {})
    files = list(noted.values()) or [data.attrs["read"]] if "read" in data.attrs else []
    return [line for one in files for line in _lines(one)]


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
