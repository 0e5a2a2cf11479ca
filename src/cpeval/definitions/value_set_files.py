"""A table of values for health states, read from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cpeval.errors import DefinitionError, did_you_mean, listed
from cpeval.numeric import ROWS_COUNT, rows_text


def profiles_of(path: str | Path, items: Sequence[str]) -> tuple[dict[str, float], list[str]]:
    """Return the values by profile (and the values of further columns), and those columns.

    Parameters and errors are those of `ValueSet.from_file`.
    """
    from cpeval.reading.files import read

    table = read(path)
    columns = [str(name) for name in table.columns]
    wanted = ["profile"] if "profile" in columns else list(items)
    absent = [name for name in [*wanted, "value"] if name not in columns]
    if absent:
        near = ", ".join(f"{name!r}{did_you_mean(name, columns)}" for name in absent)
        raise DefinitionError(
            f"{path}: there are no columns {near}. A value set has a column 'value' and a column "
            f"'profile' or columns {listed(items)}. Columns there: {listed(columns)}."
        )
    by = [name for name in columns if name not in (*wanted, "value")]
    keys = table[[*wanted, *by]].astype(object).map(_plain)
    key = keys[wanted].agg("".join, axis=1)
    for name in by:
        key = key + "|" + keys[name]
    values = pd.to_numeric(table["value"], errors="coerce").astype(float)
    wrong = [
        f"- column {name!r} has |, which parts values here: {listed(parted)}"
        for name in by
        if (parted := [v for v in keys[name].unique() if "|" in v])
    ]
    empty = table[[*wanted, *by]].isna().any(axis=1)
    for said, rows in (
        ("no state", empty),
        ("no number as value", ~(values.abs() < np.inf)),
        ("a state that stands twice", key.duplicated(keep=False) & ~empty),
    ):
        if rows.any():
            wrong.append(f"- {said} in {rows_text(rows.to_numpy().nonzero()[0])}")
    if wrong:
        raise DefinitionError(f"{path} has mistakes:\n" + "\n".join(wrong) + f"\n{ROWS_COUNT}")
    return dict(zip(key, values, strict=True)), by


def _plain(value: object) -> str:
    """A cell as text; whole numbers, and yes and no, as data of any engine have them."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
